// What the live stream's state is and how long to wait before trying again: pure, so that it can be tested.
import type { Value } from './types'
import { parseTime } from '../format/time'

export type Contact =
  | { state: 'connecting' }
  | { state: 'live' }
  | { state: 'lost'; since: number }

/** First retry at once, then doubling to a ceiling that an operator will still wait for. */
const RETRY_FIRST_MS = 500
const RETRY_MAX_MS = 15_000

/** Milliseconds before attempt number `attempt`, counted from 0. */
export function retryDelay(attempt: number): number {
  return Math.min(RETRY_FIRST_MS * 2 ** Math.max(0, attempt), RETRY_MAX_MS)
}

/** Lost since the last sign of life, and that does not move while it stays lost. */
export function lost(before: Contact, lastSignMs: number): Contact {
  return before.state === 'lost' ? before : { state: 'lost', since: lastSignMs }
}

/** The id goes into the address because a stream that was closed on purpose sends no header. */
export function liveAddress(base: string, intervalMs: number, lastEventId: string | null): string {
  const resume = lastEventId ? `&last_event_id=${encodeURIComponent(lastEventId)}` : ''
  return `${base}/live?interval_ms=${intervalMs}${resume}`
}

/** Values of one event; anything else than an array of values is ignored rather than drawn. */
export function parseValues(data: string): Value[] {
  try {
    const parsed: unknown = JSON.parse(data)
    return Array.isArray(parsed) ? parsed.filter(isValue) : []
  } catch {
    return []
  }
}

function isValue(item: unknown): item is Value {
  return typeof item === 'object' && item !== null && typeof (item as Value).path === 'string'
    && typeof (item as Value).quality === 'string'
}

/** The unit's time when it sent these values: acquisition plus age. */
export function sentAt(values: Value[]): number | null {
  for (const value of values) {
    const time = parseTime(value.time)
    if (time !== null && value.age_ms !== null && value.age_ms !== undefined) return time + value.age_ms
  }
  return null
}

/** Keeps the newest of each point, for batches gathered between two drawings. */
export function gather(waiting: Map<string, Value>, next: Value[]): Map<string, Value> {
  for (const value of next) waiting.set(value.path, value)
  return waiting
}

/** A timer that comes this late was not delayed, it slept. */
const SLEEP_MS = 10_000

/** `beatMs` is the timer's own pace. */
export function slept(lastBeatMs: number, nowMs: number, beatMs: number): boolean {
  return nowMs - lastBeatMs > beatMs + SLEEP_MS
}
