// Series for charts: history as columns, gaps kept, live readings appended into the same buckets.
import type { HistorySeries } from '../api/types'
import { parseTime } from '../format/time'

export interface Bucket {
  /** Start of the bucket, seconds since 1970. */
  time: number
  min: number
  avg: number
  max: number
  last: number
  count: number
}

export interface Series {
  path: string
  stepS: number
  buckets: Bucket[]
}

export function fromHistory(series: HistorySeries, stepS: number): Series {
  const buckets: Bucket[] = []
  for (const [time, min, avg, max, last, count] of series.rows) {
    const ms = parseTime(time)
    if (ms === null || avg === null || min === null || max === null) continue
    buckets.push({ time: ms / 1000, min, avg, max, last: last ?? avg, count })
  }
  return { path: series.path, stepS, buckets }
}

/** Adds one reading to the bucket it falls in; a reading older than the last bucket is already in history. */
export function append(series: Series, timeMs: number, value: number): boolean {
  const step = series.stepS > 0 ? series.stepS : 1
  const start = Math.floor(timeMs / 1000 / step) * step
  const last = series.buckets[series.buckets.length - 1]
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

/** More than this many steps without a reading is a gap, not a slow reading. */
const GAP_STEPS = 1.75

export interface Columns {
  times: number[]
  /** Per series: min, avg, max; null draws a gap. */
  columns: (number | null)[][]
}

/**
 * One time axis for all series. Where a series has no bucket the chart must not draw through:
 * a missing bucket becomes null, and a null is put between two buckets that are too far apart.
 */
export function align(all: Series[]): Columns {
  const stamps = new Set<number>()
  for (const { buckets, stepS } of all) {
    let before: number | null = null
    for (const { time } of buckets) {
      if (before !== null && stepS > 0 && time - before > stepS * GAP_STEPS) stamps.add(before + stepS)
      stamps.add(time)
      before = time
    }
  }
  const times = [...stamps].sort((a, b) => a - b)
  const columns = all.flatMap((series) => columnsOf(series, times))
  return { times, columns }
}

function columnsOf(series: Series, times: number[]): (number | null)[][] {
  const min: (number | null)[] = []
  const avg: (number | null)[] = []
  const max: (number | null)[] = []
  let at = 0
  for (const time of times) {
    const bucket = series.buckets[at]
    const hit = bucket && bucket.time === time ? bucket : null
    if (hit) at++
    min.push(hit ? hit.min : null)
    avg.push(hit ? hit.avg : null)
    max.push(hit ? hit.max : null)
  }
  return [min, avg, max]
}

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
