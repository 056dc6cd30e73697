// What a small picture of recorded readings is made of: the readings, their strokes, the lines of time behind them.
import { useEffect, useState } from 'preact/hooks'
import { ask, query, sentence } from '../api/http'
import { recordedEveryS } from '../api/recorded'
import type { History } from '../api/types'
import { clock, date } from '../format/time'
import { fromHistory, isGap, type Series } from '../model/series'

const BUCKETS = 400
const HOUR_S = 3600
const DAY_S = 86_400
/** Lines of time stand this far apart, so that their words have room. */
const TICK_PX = 70
const TICKS_S = [HOUR_S, 2 * HOUR_S, 3 * HOUR_S, 6 * HOUR_S, 12 * HOUR_S, DAY_S, 2 * DAY_S, 7 * DAY_S, 14 * DAY_S]

export interface Readings {
  series: Series | null
  loading: boolean
  failure: string | null
}

/** Of one point between two times (RFC 3339 or relative); read again when any of them changes. */
export function useReadings(path: string | null, from: string, to: string): Readings {
  const [state, setState] = useState<Readings>({ series: null, loading: path !== null, failure: null })
  useEffect(() => {
    if (path === null) return setState({ series: null, loading: false, failure: null })
    const stop = new AbortController()
    const load = async () => {
      const recordedS = await recordedEveryS()
      const history = await ask<History>(`/history${query({ path, from, to, points: BUCKETS })}`, { signal: stop.signal })
      const [found] = history.series
      setState({ series: found ? fromHistory(found, history.step_s, recordedS) : null, loading: false, failure: null })
    }
    setState((before) => ({ ...before, loading: true }))
    // What was drawn stays: it is old, not wrong.
    load().catch((cause) => stop.signal.aborted || setState((before) => ({ series: before.series?.path === path ? before.series : null, loading: false, failure: sentence(cause) })))
    return () => stop.abort()
  }, [path, from, to])
  return state
}

export interface Frame {
  x: (seconds: number) => number
  y: (value: number) => number
}

/** A path per unbroken stretch; a gap is not drawn through. */
export function strokes(series: Series, { x, y }: Frame): { line: string; band: string } {
  let line = ''
  let band = ''
  let stretch: Series['buckets'] = []
  const flush = () => {
    if (!stretch.length) return
    const at = (value: (bucket: Series['buckets'][number]) => number) => stretch.map((bucket) => `${x(bucket.time).toFixed(1)} ${y(value(bucket)).toFixed(1)}`)
    line += `M${at((bucket) => bucket.avg).join('L')}${stretch.length === 1 ? 'h1' : ''}`
    band += `M${at((bucket) => bucket.max).join('L')}L${at((bucket) => bucket.min).reverse().join('L')}Z`
    stretch = []
  }
  let before: number | null = null
  for (const bucket of series.buckets) {
    if (before !== null && isGap(series, before, bucket.time)) flush()
    stretch.push(bucket)
    before = bucket.time
  }
  flush()
  return { line, band }
}

/** Everything that must be seen: readings and what is drawn across them. */
export function bounds(series: Series | null, marks: number[]): [number, number] {
  const all = [...(series?.buckets.flatMap(({ min, max }) => [min, max]) ?? []), ...marks.filter(Number.isFinite)]
  if (!all.length) return [0, 1]
  const low = Math.min(...all)
  const high = Math.max(...all)
  const room = (high - low || Math.abs(high) || 1) * 0.06
  return [low - room, high + room]
}

/** How far the clock on the wall is ahead of UTC then. */
function offsetS(seconds: number, zone: string): number {
  return Math.round((Date.parse(`${date(seconds * 1000, zone)}T${clock(seconds * 1000, zone)}Z`) / 1000 - seconds) / 900) * 900
}

/** Whole hours and midnights of the site, as many as have room: `18:00`, `11-21`. */
export function ticks(fromS: number, toS: number, width: number, zone: string): { at: number; words: string }[] {
  const least = ((toS - fromS) / Math.max(1, width)) * TICK_PX
  const step = TICKS_S.find((one) => one >= least) ?? TICKS_S[TICKS_S.length - 1]!
  const all: { at: number; words: string }[] = []
  const begin = fromS + offsetS(fromS, zone)
  for (let local = Math.ceil(begin / step) * step; ; local += step) {
    const near = local - offsetS(fromS, zone)
    const at = local - offsetS(near, zone)
    if (at >= toS || all.length > width) break
    const time = clock(at * 1000, zone).slice(0, 5)
    all.push({ at, words: time === '00:00' || step >= DAY_S ? date(at * 1000, zone).slice(5) : time })
  }
  return all
}
