// Series for charts: history as columns, gaps kept, live readings appended into the same buckets.
import type { HistorySeries } from '../api/types'
import { parseTime } from '../format/time'

/** What history keeps of a span of time: never only an average, so that no peak is lost. */
export interface Bucket {
  /** Start of the bucket, seconds since 1970. */
  time: number
  min: number
  avg: number
  max: number
  last: number
  count: number
}

/** One point's readings, oldest first; changed in place by `append`. */
export interface Series {
  path: string
  stepS: number
  /** How far apart readings normally are: the step, or the pace of recording when that is slower. */
  paceS: number
  buckets: Bucket[]
}

/** Rows without a reading are dropped here: a gap is the absence of buckets, never a zero. */
export function fromHistory(series: HistorySeries, stepS: number, recordedS = stepS): Series {
  const buckets: Bucket[] = []
  for (const [time, min, avg, max, last, count] of series.rows) {
    const ms = parseTime(time)
    if (ms === null || avg === null || min === null || max === null) continue
    buckets.push({ time: ms / 1000, min, avg, max, last: last ?? avg, count })
  }
  return { path: series.path, stepS, paceS: Math.max(stepS, recordedS), buckets }
}

/** Adds one reading to the bucket it falls in; a reading older than the last bucket is already in history. */
export function append(series: Series, timeMs: number, value: number): boolean {
  const step = series.stepS > 0 ? series.stepS : 1
  const now = timeMs / 1000
  const last = series.buckets[series.buckets.length - 1]
  // From the last bucket on: days and months of the calendar do not begin at multiples of their length.
  const base = last ? last.time : 0
  const start = base + Math.floor((now - base) / step) * step
  if (last && start < last.time) return false
  if (!last || start > last.time) {
    series.buckets.push({ time: start, min: value, avg: value, max: value, last: value, count: 1 })
    return true
  }
  const count = last.count + 1
  last.avg += (value - last.avg) / count
  last.min = Math.min(last.min, value)
  last.max = Math.max(last.max, value)
  last.last = value
  last.count = count
  return true
}

/** Forgets what has left the span, so that a page left open for a week does not grow. */
export function forgetBefore(series: Series, fromS: number): void {
  let keep = 0
  while (keep < series.buckets.length && series.buckets[keep]!.time < fromS - series.stepS) keep++
  if (keep) series.buckets.splice(0, keep)
}

/** More than this many times the normal distance without a reading is a gap, not a slow reading. */
const GAP = 1.75

/** Times in seconds. */
export function isGap(series: Series, fromS: number, toS: number): boolean {
  return toS - fromS > series.paceS * GAP
}

export type Column = (number | null | undefined)[]

/** What the chart draws. */
export interface Columns {
  times: number[]
  /** Per series: min, avg, max; null draws a gap, undefined is a time of another series and is drawn over. */
  columns: Column[]
}

/**
 * One time axis for all series. Where a series has a gap the chart must not draw through: every time in it becomes
 * null, and one is put there when no other series has any.
 */
export function align(all: Series[]): Columns {
  const stamps = new Set<number>()
  for (const series of all) {
    let before: number | null = null
    for (const { time } of series.buckets) {
      if (before !== null && isGap(series, before, time)) stamps.add(before + series.stepS)
      stamps.add(time)
      before = time
    }
  }
  const times = [...stamps].sort((a, b) => a - b)
  const columns = all.flatMap((series) => columnsOf(series, times))
  return { times, columns }
}

function columnsOf(series: Series, times: number[]): Column[] {
  const min: Column = []
  const avg: Column = []
  const max: Column = []
  let at = 0
  for (const time of times) {
    const bucket = series.buckets[at]
    if (bucket && bucket.time === time) {
      at++
      min.push(bucket.min)
      avg.push(bucket.avg)
      max.push(bucket.max)
      continue
    }
    const before = series.buckets[at - 1]
    const between = before && bucket && !isGap(series, before.time, bucket.time)
    for (const column of [min, avg, max]) column.push(between ? undefined : null)
  }
  return [min, avg, max]
}

/** The read-out of one series over a span. */
export interface Summary {
  min: number
  avg: number
  max: number
  last: number
  lastTime: number
}

/** Read-out over a span; the average weighs each bucket by its readings. */
export function summary(series: Series, fromS = -Infinity, toS = Infinity): Summary | null {
  let min = Infinity
  let max = -Infinity
  let sum = 0
  let count = 0
  let last: Bucket | null = null
  for (const bucket of series.buckets) {
    if (bucket.time < fromS || bucket.time > toS) continue
    min = Math.min(min, bucket.min)
    max = Math.max(max, bucket.max)
    sum += bucket.avg * bucket.count
    count += bucket.count
    last = bucket
  }
  return last && count ? { min, avg: sum / count, max, last: last.last, lastTime: last.time } : null
}
