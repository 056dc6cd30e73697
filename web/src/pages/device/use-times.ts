// Times of acquisition of one device. The stream tells only what changed; that an unchanged value was read
// again a second ago is asked for, as long as somebody looks at ages.
import { useEffect } from 'preact/hooks'
import { ask, query } from '../../api/http'
import { contact } from '../../api/live'
import type { Value } from '../../api/types'
import { values } from '../../model/values'

const EVERY_MS = 2000

/** Two seconds are short enough to believe an age, and cost one small answer. */
export function useTimes(device: string): void {
  useEffect(() => {
    const stop = new AbortController()
    const look = async () => {
      if (document.hidden || contact.get().state !== 'live') return
      const found = await ask<Value[]>(`/points${query({ device })}`, { signal: stop.signal }).catch(() => null)
      if (found) values.merge(found)
    }
    void look()
    const timer = window.setInterval(() => void look(), EVERY_MS)
    return () => { stop.abort(); window.clearInterval(timer) }
  }, [device])
}
