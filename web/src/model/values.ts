// The last value of every point, and who wants to know when it changes.
import { useEffect } from 'preact/hooks'
import type { Value } from '../api/types'
import { Cell, useRedraw } from '../base/cell'
import { unitNow } from '../base/clock'
import { parseTime } from '../format/time'

/** Held once per tab. A call is told only when its own point looks different. */
export class ValueTable {
  private readonly values = new Map<string, Value>()
  private readonly calls = new Map<string, Set<() => void>>()
  /** Counts batches: for what is computed from many values. */
  readonly batch = new Cell(0)

  get(path: string): Value | undefined {
    return this.values.get(path)
  }

  all(): Iterable<Value> {
    return this.values.values()
  }

  /** A snapshot replaces everything: what it does not name is no longer there. */
  replace(next: Value[]): void {
    const gone = new Set(this.values.keys())
    for (const value of next) gone.delete(value.path)
    for (const path of gone) this.values.delete(path)
    this.merge(next)
    for (const path of gone) this.tell(path)
  }

  merge(next: Value[]): void {
    const changed: string[] = []
    const now = unitNow()
    for (const value of next) {
      value.readAt = parseTime(value.time) ?? (typeof value.age_ms === 'number' ? now - value.age_ms : null)
      const before = this.values.get(value.path)
      this.values.set(value.path, value)
      if (!before || looksDifferent(before, value)) changed.push(value.path)
    }
    for (const path of changed) this.tell(path)
    this.batch.set(this.batch.get() + 1)
  }

  subscribe(path: string, call: () => void): () => void {
    let set = this.calls.get(path)
    if (!set) this.calls.set(path, (set = new Set()))
    set.add(call)
    return () => {
      set.delete(call)
      if (!set.size) this.calls.delete(path)
    }
  }

  private tell(path: string): void {
    for (const call of [...(this.calls.get(path) ?? [])]) call()
  }
}

/** A new time with the same reading changes nothing on the screen; ages are drawn by the clock. */
function looksDifferent(a: Value, b: Value): boolean {
  return a.value !== b.value || a.quality !== b.quality || a.text !== b.text || a.reason !== b.reason
}

export const values = new ValueTable()

/** The value of one point; draws again when it changes. */
export function useValue(path: string | null | undefined): Value | undefined {
  const redraw = useRedraw()
  const seen = path ? values.get(path) : undefined
  useEffect(() => {
    if (!path) return
    // It may have come between drawing and subscribing.
    if (values.get(path) !== seen) redraw()
    return values.subscribe(path, redraw)
  }, [path])
  return seen
}

/** Several points as one: for what is drawn from all of them together. */
export function useValues(paths: string[]): (Value | undefined)[] {
  const redraw = useRedraw()
  const key = paths.join('\n')
  useEffect(() => {
    let waiting = false
    // Several points of one batch ask for one drawing.
    const once = () => {
      if (waiting) return
      waiting = true
      queueMicrotask(() => {
        waiting = false
        redraw()
      })
    }
    const stops = paths.map((path) => values.subscribe(path, once))
    once()
    return () => stops.forEach((stop) => stop())
  }, [key])
  return paths.map((path) => values.get(path))
}

/** Milliseconds since it was read; null when it never was. */
export function ageOf(value: Value | undefined, now = unitNow()): number | null {
  const time = value?.readAt
  return time === null || time === undefined ? null : Math.max(0, now - time)
}
