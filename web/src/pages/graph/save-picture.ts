// A graph as a PNG: title, chart and legend on one sheet, in the colours of the page.
import type uPlot from 'uplot'
import { colour } from '../../base/theme'
import { dashOf, PENS, type Line } from './chart'

const MARGIN = 16
const ROW = 20

export interface Sheet {
  title: string
  span: string
  lines: Line[]
  /** Figures beside each line, already in words. */
  figures: string[]
}

function legend(context: CanvasRenderingContext2D, sheet: Sheet, top: number): void {
  sheet.lines.forEach((line, at) => {
    const y = top + at * ROW
    context.strokeStyle = colour(`--line-${(line.pen % PENS) + 1}`)
    context.lineWidth = 2
    context.setLineDash(dashOf(line.pen))
    context.beginPath()
    context.moveTo(MARGIN, y - 4)
    context.lineTo(MARGIN + 26, y - 4)
    context.stroke()
    context.setLineDash([])
    context.fillText(`${line.path}   ${sheet.figures[at] ?? ''}`, MARGIN + 36, y)
  })
}

/** On a sheet of its own: the chart's canvas has no title and no legend. */
function draw(chart: uPlot, sheet: Sheet): HTMLCanvasElement {
  const source = chart.ctx.canvas
  const ratio = source.width / chart.width
  const canvas = document.createElement('canvas')
  const head = 44
  const foot = sheet.lines.length * ROW + MARGIN
  canvas.width = Math.round((chart.width + 2 * MARGIN) * ratio)
  canvas.height = Math.round((head + chart.height + foot + MARGIN) * ratio)
  const context = canvas.getContext('2d')!
  context.scale(ratio, ratio)
  context.fillStyle = colour('--panel')
  context.fillRect(0, 0, canvas.width, canvas.height)
  context.fillStyle = colour('--ink')
  context.font = `600 14px ${getComputedStyle(document.body).fontFamily}`
  context.fillText(sheet.title, MARGIN, 20)
  context.font = `12px ${getComputedStyle(document.body).fontFamily}`
  context.fillStyle = colour('--ink-2')
  context.fillText(sheet.span, MARGIN, 37)
  context.drawImage(source, MARGIN, head, chart.width, chart.height)
  legend(context, sheet, head + chart.height + MARGIN + 4)
  return canvas
}

export function savePicture(chart: uPlot, sheet: Sheet, name: string): void {
  draw(chart, sheet).toBlob((blob) => {
    if (!blob) return
    const link = document.createElement('a')
    link.href = URL.createObjectURL(blob)
    link.download = name
    link.click()
    // The download has its own hold on the data by then.
    window.setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
  }, 'image/png')
}
