// The readings of a graph: read from history for the span, then kept live while the span ends now.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, query, sentence } from '../../api/http'
import { contact } from '../../api/live'
import { recordedEveryS } from '../../api/recorded'
import type { History } from '../../api/types'
import { unitNow } from '../../base/clock'
import { known } from '../../format/value'
import { append, forgetBefore, fromHistory, type Series } from '../../model/series'
import { values } from '../../model/values'
import { isLive, spanOf, type GraphState, type Span } from '../../route/graph-state'

export interface GraphData {
  series: Series[]
  /** How fine the chart is, as the API names it (seconds, 1d, 1mo, ...), and about how long that is. */
  step: string
  stepS: number
  loading: boolean
  failure: string | null
  /** Changes when the series were changed in place. */
  version: number
}

/** A chart a thousand pixels wide has no use for more. */
const MOST_BUCKETS = 600
/** The chart follows now at this pace; the figures beside it are live anyway. */
const FOLLOW_MS = 1000

const NOTHING: GraphData = { series: [], step: '', stepS: 0, loading: false, failure: null, version: 0 }

/** In the order asked for; a point without history is an empty series. */
async function read(paths: string[], span: Span, signal: AbortSignal): Promise<{ series: Series[]; step: string; stepS: number }> {
  const bounds = { from: new Date(span.from * 1000).toISOString(), to: new Date(span.to * 1000).toISOString() }
  const recordedS = await recordedEveryS()
  const history = await ask<History>(`/history${query({ path: paths, ...bounds, points: MOST_BUCKETS })}`, { signal })
  const series = paths.map((path) => {
    const found = history.series.find((one) => one.path === path)
    return found ? fromHistory(found, history.step_s, recordedS) : { path, stepS: history.step_s, paceS: recordedS, buckets: [] }
  })
  return { series, step: history.step ?? String(history.step_s), stepS: history.step_s }
}

/** Live readings into the buckets. One that stays the same is not sent again: while it is good it holds now. */
function follow(series: Series[], state: GraphState): void {
  if (contact.get().state !== 'live') return
  const from = spanOf(state, unitNow() / 1000).from
  for (const one of series) {
    const value = values.get(one.path)
    if (!known(value) || value.quality !== 'good') continue
    append(one, unitNow(), value.value)
    forgetBefore(one, from)
  }
}

/** What the chart and the read-out show of a graph's address. */
export function useSeries(state: GraphState): GraphData {
  const [data, setData] = useState<GraphData>(NOTHING)
  const latest = useRef(data)
  latest.current = data
  const key = JSON.stringify(state)

  useEffect(() => {
    if (!state.paths.length) return setData(NOTHING)
    const stop = new AbortController()
    const load = () => {
      setData((before) => ({ ...before, loading: true }))
      read(state.paths, spanOf(state, unitNow() / 1000), stop.signal).then(
        (found) => setData((before) => ({ ...found, loading: false, failure: null, version: before.version + 1 })),
        (cause) => stop.signal.aborted || setData((before) => ({ ...before, loading: false, failure: sentence(cause) })),
      )
    }
    load()
    const timer = isLive(state) ? window.setInterval(() => {
      // The window moves on even when no new reading came: a silent device shows as a growing gap.
      if (document.hidden || latest.current.loading) return
      follow(latest.current.series, state)
      setData((before) => ({ ...before, version: before.version + 1 }))
    }, FOLLOW_MS) : 0
    // What was missed while there was no contact is in history.
    let wasLost = false
    const stopContact = contact.subscribe(() => {
      const now = contact.get().state
      if (now === 'live' && wasLost) load()
      wasLost = now === 'lost'
    })
    return () => {
      stop.abort()
      stopContact()
      window.clearInterval(timer)
    }
  }, [key])
  return data
}
