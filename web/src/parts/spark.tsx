// A line of the last hour, small enough for a table row, on canvas.
import { useEffect, useRef } from 'preact/hooks'
import { unitNow } from '../base/clock'
import { isGap, type Series } from '../model/series'
import { theme } from '../base/theme'
import { t } from '../text'
import { HOUR_S, type HourStore } from './hour'

interface Range {
  low: number
  high: number
}

/** All series on one scale; null while there is nothing. */
function rangeOf(all: Series[]): Range | null {
  let low = Infinity
  let high = -Infinity
  for (const { buckets } of all) {
    for (const bucket of buckets) {
      low = Math.min(low, bucket.min)
      high = Math.max(high, bucket.max)
    }
  }
  if (low > high) return null
  // A steady value is drawn as a calm line, not as its noise blown up.
  const least = Math.max(Math.abs(high) * 0.01, 1e-9)
  const middle = (low + high) / 2
  const half = Math.max(high - low, least) / 2
  return { low: middle - half, high: middle + half }
}

interface Pen {
  context: CanvasRenderingContext2D
  x: (time: number) => number
  y: (value: number) => number
}

/** A gap ends the line and starts another; a lone bucket is a dash one pixel wide. */
function trace(pen: Pen, series: Series): void {
  const { context, x, y } = pen
  let before: number | null = null
  context.beginPath()
  for (const { time, avg } of series.buckets) {
    const joined = before !== null && !isGap(series, before, time)
    if (joined) context.lineTo(x(time), y(avg))
    else {
      context.moveTo(x(time), y(avg))
      context.lineTo(x(time) + 1, y(avg))
    }
    before = time
  }
  context.stroke()
}

/** Where the line is now. */
function dot(pen: Pen, series: Series): void {
  const last = series.buckets[series.buckets.length - 1]
  if (!last) return
  pen.context.beginPath()
  pen.context.arc(pen.x(last.time), pen.y(last.avg), 1.6, 0, 7)
  pen.context.fill()
}

/** From scratch each time: at this size that is quicker than keeping track. */
function paint(canvas: HTMLCanvasElement, all: Series[]): void {
  const ratio = window.devicePixelRatio || 1
  const width = canvas.clientWidth
  const height = canvas.clientHeight
  if (!width || !height) return
  canvas.width = Math.round(width * ratio)
  canvas.height = Math.round(height * ratio)
  const context = canvas.getContext('2d')
  const range = rangeOf(all)
  if (!context || !range) return
  const style = getComputedStyle(canvas)
  const now = unitNow() / 1000
  const pen: Pen = {
    context,
    x: (time) => 2 + ((time - now + HOUR_S) / HOUR_S) * (width - 5),
    y: (value) => height - 3 - ((value - range.low) / (range.high - range.low)) * (height - 6),
  }
  context.scale(ratio, ratio)
  context.lineWidth = 1.2
  context.lineJoin = 'round'
  all.forEach((series, at) => {
    const colour = all.length > 1 ? style.getPropertyValue(`--line-${at + 1}`) : style.color
    context.strokeStyle = context.fillStyle = colour || style.color
    trace(pen, series)
    dot(pen, series)
  })
}

/** What a counter gained in each bucket: the counter itself is only ever a ramp. */
export function gains(series: Series): Series {
  const buckets = series.buckets.slice(1).flatMap((bucket, at) => {
    const before = series.buckets[at]!
    if (isGap(series, before.time, bucket.time)) return []
    const gain = Math.max(0, bucket.last - before.last)
    return [{ ...bucket, min: gain, avg: gain, max: gain, last: gain }]
  })
  // The bucket of this minute is not full yet.
  return { ...series, buckets: buckets.slice(0, -1) }
}

export interface SparkProps {
  store: HourStore
  /** Several paths share one scale: the phases of one quantity. */
  paths: string[]
  name: string
  counter?: boolean
}

export function Spark({ store, paths, name, counter }: SparkProps) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const key = paths.join('\n')
  useEffect(() => {
    const draw = () => {
      const all = paths.map((path) => store.get(path)).filter((one): one is Series => !!one)
      if (canvas.current && all.length) paint(canvas.current, counter ? all.map(gains) : all)
    }
    draw()
    const stops = [store.version.subscribe(draw), theme.subscribe(draw)]
    const observer = new ResizeObserver(draw)
    if (canvas.current) observer.observe(canvas.current)
    return () => { observer.disconnect(); stops.forEach((stop) => stop()) }
  }, [store, key])
  return <canvas ref={canvas} class="spark" role="img" aria-label={counter ? t.device.gainOf(name) : t.device.lastHourOf(name)} />
}
