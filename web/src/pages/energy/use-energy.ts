// Asks for what an address wants; what was there stays until the next has come, so that nothing jumps.
import { useEffect, useState } from 'preact/hooks'
import { Problem, sentence } from '../../api/http'

export interface Asked<T> {
  /** The last answer; null before the first. */
  found: T | null
  loading: boolean
  failure: string | null
  /** The unit records nothing, so nothing can be added up. */
  historyOff: boolean
}

/** Today's sums grow: read again so often while they are looked at. */
const EVERY_MS = 60_000

/** `ask` is called when `key` changes, and again every minute, or as often as is said, while `live`. */
export function useAsked<T>(key: string, ask: (signal: AbortSignal) => Promise<T>, live: boolean, everyMs = EVERY_MS): Asked<T> {
  const [state, setState] = useState<Asked<T>>({ found: null, loading: true, failure: null, historyOff: false })
  useEffect(() => {
    const stop = new AbortController()
    const look = () => ask(stop.signal).then(
      (found) => stop.signal.aborted || setState({ found, loading: false, failure: null, historyOff: false }),
      (cause) => stop.signal.aborted || setState((old) => ({
        ...old, loading: false, failure: sentence(cause), historyOff: cause instanceof Problem && cause.status === 503,
      })),
    )
    setState((old) => ({ ...old, loading: true }))
    void look()
    const timer = live ? window.setInterval(() => document.hidden || void look(), everyMs) : 0
    return () => { stop.abort(); window.clearInterval(timer) }
  }, [key])
  return state
}
