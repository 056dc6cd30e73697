// The kinds of events that this reader may see.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../../api/http'
import type { EventKind } from '../../api/types'

/** Empty until they are there. */
export function useKinds(): EventKind[] {
  const [kinds, setKinds] = useState<EventKind[]>([])
  useEffect(() => {
    const stop = new AbortController()
    ask<EventKind[]>('/events/kinds', { signal: stop.signal }).then(setKinds, () => {})
    return () => stop.abort()
  }, [])
  return kinds
}
