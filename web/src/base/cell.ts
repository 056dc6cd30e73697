// One observable value and the hook that draws it. Enough state for these pages, without a library.
import { useEffect, useReducer } from 'preact/hooks'

/** What a hook needs of anything observable. */
export interface Readable<T> {
  get(): T
  subscribe(call: () => void): () => void
}

/** Setting the same value again tells nobody. */
export class Cell<T> implements Readable<T> {
  private readonly calls = new Set<() => void>()

  constructor(private current: T) {}

  get(): T {
    return this.current
  }

  set(next: T): void {
    if (Object.is(next, this.current)) return
    this.current = next
    // A copy, because a call may unsubscribe another one.
    for (const call of [...this.calls]) call()
  }

  subscribe(call: () => void): () => void {
    this.calls.add(call)
    return () => void this.calls.delete(call)
  }
}

export function useRedraw(): () => void {
  const [, redraw] = useReducer<number, void>((n) => n + 1, 0)
  return redraw as () => void
}

/** The current value; draws again when it changes. */
export function useCell<T>(cell: Readable<T>): T {
  const redraw = useRedraw()
  const seen = cell.get()
  useEffect(() => {
    // It may have changed between drawing and subscribing.
    if (!Object.is(seen, cell.get())) redraw()
    return cell.subscribe(redraw)
  }, [cell])
  return seen
}
