// The last hour of some points: read once from history, then kept by the live values.
import { useEffect, useState } from 'preact/hooks'
import { ask, query } from '../api/http'
import { contact } from '../api/live'
import { recordedEveryS } from '../api/recorded'
import type { History } from '../api/types'
import { Cell } from '../base/cell'
import { unitNow } from '../base/clock'
import { known } from '../format/value'
import { append, forgetBefore, fromHistory, type Series } from '../model/series'
import { values } from '../model/values'

export const HOUR_S = 3600
const STEP_S = 60
/** What one request may ask for. */
const PATHS_PER_REQUEST = 64

/** One per page; the sparklines of that page look into it. */
export class HourStore {
  private readonly series = new Map<string, Series>()
  /** Counts what changes the drawing: history has come, or a value was appended. */
  readonly version = new Cell(0)

  get(path: string): Series | undefined {
    return this.series.get(path)
  }

  async load(paths: string[], signal: AbortSignal): Promise<void> {
    const recordedS = await recordedEveryS()
    for (let start = 0; start < paths.length; start += PATHS_PER_REQUEST) {
      const some = paths.slice(start, start + PATHS_PER_REQUEST)
      const history = await ask<History>(`/history${query({ path: some, from: '-1h', to: 'now', step: STEP_S })}`, { signal })
      for (const one of history.series) this.series.set(one.path, fromHistory(one, history.step_s || STEP_S, recordedS))
      this.version.set(this.version.get() + 1)
    }
  }

  takeLive(): void {
    if (contact.get().state !== 'live') return
    const from = unitNow() / 1000 - HOUR_S
    let changed = false
    for (const [path, series] of this.series) {
      const value = values.get(path)
      // A reading that stays the same is not sent again: while it is good it holds now.
      if (!known(value) || value.quality !== 'good') continue
      if (append(series, unitNow(), value.value)) changed = true
      forgetBefore(series, from)
    }
    if (changed) this.version.set(this.version.get() + 1)
  }
}

/** A sparkline of an hour is 90 points wide: more than one drawing in two seconds shows nothing new. */
const LIVE_MS = 2000

/** Loads when the set of paths changes, stops when the page is left. */
export function useHour(paths: string[]): HourStore {
  const [store] = useState(() => new HourStore())
  const key = paths.join('\n')
  useEffect(() => {
    if (!paths.length) return
    const stop = new AbortController()
    // Without history there is no sparkline; the figures beside it say what matters.
    store.load(paths, stop.signal).catch(() => {})
    const timer = window.setInterval(() => document.hidden || store.takeLive(), LIVE_MS)
    return () => {
      stop.abort()
      window.clearInterval(timer)
    }
  }, [key])
  return store
}
