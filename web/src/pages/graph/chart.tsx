// The chart itself: uPlot on canvas, a band from lowest to highest, gaps as gaps.
import { useEffect, useRef } from 'preact/hooks'
import uPlot from 'uplot'
import { colour, theme } from '../../base/theme'
import { align, type Column, type Series } from '../../model/series'
import { axisLabels } from './axis'

export interface Line {
  path: string
  unit: string
  decimals: number
  /** Index into the palette; stays with the point while others come and go. */
  pen: number
  hidden: boolean
}

export interface ChartProps {
  series: Series[]
  lines: Line[]
  from: number
  to: number
  zone: string
  version: number
  label: string
  onSelect: (from: number, to: number) => void
  onPan: (share: number) => void
  onReset: () => void
  onCursor: (time: number | null) => void
  /** Hands the canvas out for saving. */
  onReady: (chart: uPlot | null) => void
}

export const PENS = 8
/** Lines differ by their dashes too, not by colour alone. */
const DASHES: number[][] = [[], [7, 4], [2, 3], [10, 3, 2, 3], [], [7, 4], [2, 3], [10, 3, 2, 3]]

export function dashOf(pen: number): number[] {
  return DASHES[pen % PENS] ?? []
}

function unitsOf(lines: Line[]): string[] {
  return [...new Set(lines.map((line) => line.unit))]
}

const MONTHS = '{MMM} {D}'

/** 24-hour clock and ISO days, whatever the browser's own habit. */
const TIME_LABELS: uPlot.Axis.Values = [
  [86400 * 28, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
  [86400, MONTHS, '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', '\n{MMM} {D}', null, '\n{MMM} {D}', null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', '\n{MMM} {D}', null, '\n{MMM} {D}', null, null, null, 1],
  [0.001, ':{ss}.{fff}', '\n{HH}:{mm}', null, '\n{HH}:{mm}', null, null, null, 1],
]

/** One per unit: left, right, left again further out. */
function axes(lines: Line[], width: number): uPlot.Axis[] {
  const ink = colour('--ink-2')
  const grid = { stroke: colour('--grid'), width: 1 }
  const font = `12px ${getComputedStyle(document.body).fontFamily}`
  const base = { stroke: ink, font, grid, ticks: { ...grid, size: 4 } }
  const narrow = width < 520
  const sides = unitsOf(lines).map((unit, at): uPlot.Axis => {
    const decimals = Math.max(0, ...lines.filter((line) => line.unit === unit).map((line) => line.decimals))
    return {
      ...base,
      scale: unit || 'ratio',
      side: at % 2 ? 1 : 3,
      size: narrow ? 54 : 68,
      // Only the first unit's lines cross the chart; a second set would be a net nobody can follow.
      grid: at ? { show: false } : grid,
      values: (_chart, splits) => axisLabels(splits, unit, decimals),
    }
  })
  return [{ ...base, values: TIME_LABELS, space: narrow ? 64 : 80 }, ...sides]
}

/** Lowest and highest are drawn as the edges of the band only. */
function penSeries(line: Line): uPlot.Series[] {
  const stroke = colour(`--line-${(line.pen % PENS) + 1}`)
  const shared = { scale: line.unit || 'ratio', show: !line.hidden, spanGaps: false }
  return [
    { ...shared, width: 0, points: { show: false } },
    {
      ...shared, stroke, width: 1.6, dash: dashOf(line.pen),
      // A lone reading between two gaps is a point, not nothing.
      points: { show: false, filter: isolated, size: 5, fill: stroke },
    },
    { ...shared, width: 0, points: { show: false } },
  ]
}

/** Indexes of readings without neighbours; null when there are none. */
function isolated(chart: uPlot, index: number): number[] | null {
  const column = chart.data[index] as Column
  /** The neighbour in one direction, past the times of other series. */
  const next = (at: number, step: 1 | -1) => {
    let to = at + step
    while (column[to] === undefined && to >= 0 && to < column.length) to += step
    return column[to]
  }
  const alone: number[] = []
  column.forEach((value, at) => {
    if (typeof value === 'number' && typeof next(at, -1) !== 'number' && typeof next(at, 1) !== 'number') alone.push(at)
  })
  return alone.length ? alone : null
}

/** Between highest and lowest, in the colour of the line. */
function bands(lines: Line[]): uPlot.Band[] {
  return lines.map((line, at) => ({
    series: [1 + at * 3 + 2, 1 + at * 3] as [number, number],
    fill: `${colour(`--line-${(line.pen % PENS) + 1}`)}2e`,
  }))
}

/** Shift and drag moves the span; a plain drag selects. */
function panning(props: { current: ChartProps }): uPlot.Plugin {
  return {
    hooks: {
      ready: (chart) => {
        const over = chart.over
        over.addEventListener('mousedown', (down) => {
          if (!down.shiftKey) return
          down.stopImmediatePropagation()
          down.preventDefault()
          const up = (event: MouseEvent) => {
            window.removeEventListener('mouseup', up)
            props.current.onPan((down.clientX - event.clientX) / over.clientWidth)
          }
          window.addEventListener('mouseup', up)
        }, true)
        over.addEventListener('dblclick', (event) => {
          event.stopImmediatePropagation()
          props.current.onReset()
        }, true)
      },
      setSelect: (chart) => {
        if (chart.select.width < 4) return
        const from = chart.posToVal(chart.select.left, 'x')
        const to = chart.posToVal(chart.select.left + chart.select.width, 'x')
        chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false)
        props.current.onSelect(from, to)
      },
      setCursor: (chart) => {
        const at = chart.cursor.idx
        props.current.onCursor(at === null || at === undefined ? null : chart.data[0][at] ?? null)
      },
    },
  }
}

function options(props: { current: ChartProps }, width: number, height: number): uPlot.Options {
  const { lines, zone } = props.current
  const scales: uPlot.Scales = { x: { time: true, auto: false, range: () => [props.current.from, props.current.to] } }
  for (const unit of unitsOf(lines)) scales[unit || 'ratio'] = { auto: true }
  return {
    width, height, scales,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), zone),
    axes: axes(lines, width),
    series: [{}, ...lines.flatMap(penSeries)],
    bands: bands(lines),
    legend: { show: false },
    cursor: { drag: { x: true, y: false, setScale: false }, points: { show: false } },
    padding: [12, 12, 0, 4],
    plugins: [panning(props)],
  }
}

function dataOf(series: Series[]): uPlot.AlignedData {
  const { times, columns } = align(series)
  return [times, ...columns] as uPlot.AlignedData
}

/** Leaves room for the read-out on the same screen. */
function heightFor(width: number): number {
  const room = window.innerHeight
  return Math.round(Math.max(220, Math.min(width * 0.62, room * 0.52)))
}

/** Built anew when lines come and go; new readings only replace its data. */
export function Chart(props: ChartProps) {
  const place = useRef<HTMLDivElement>(null)
  const chart = useRef<uPlot | null>(null)
  const current = useRef(props)
  current.current = props
  const shape = JSON.stringify([props.lines, props.zone])

  useEffect(() => {
    const build = () => {
      const node = place.current
      if (!node) return
      chart.current?.destroy()
      const width = Math.max(200, node.clientWidth)
      chart.current = new uPlot(options(current, width, heightFor(width)), dataOf(current.current.series), node)
      current.current.onReady(chart.current)
    }
    build()
    const resize = () => {
      const width = place.current?.clientWidth ?? 0
      if (width && chart.current && width !== chart.current.width) chart.current.setSize({ width, height: heightFor(width) })
    }
    const observer = new ResizeObserver(resize)
    if (place.current) observer.observe(place.current)
    const stopTheme = theme.subscribe(build)
    return () => {
      observer.disconnect()
      stopTheme()
      chart.current?.destroy()
      chart.current = null
      current.current.onReady(null)
    }
  }, [shape])

  useEffect(() => {
    chart.current?.setData(dataOf(props.series), true)
  }, [props.version, props.from, props.to, props.series])

  return <div class="chart" ref={place} role="img" aria-label={props.label} />
}
