// Where a schedule stands in the picture of a week: pieces of it, as shares of Monday 0:00 to Sunday 24:00.
export interface Times {
  /** On which it begins: 0 is Monday. */
  days: number[]
  from_s: number
  /** Null: an instant. Not after `from_s`: on the next day. */
  to_s: number | null
}

const DAY = 86_400
const WEEK = 7 * DAY

/** Shares of the week, 0 to 1; an instant has no length. */
export interface Piece {
  from: number
  to: number
}

/** A window over Sunday's midnight comes back at the left. */
export function pieces({ days, from_s, to_s }: Times): Piece[] {
  const all: Piece[] = []
  for (const day of days) {
    const begin = day * DAY + from_s
    if (to_s === null) {
      all.push({ from: begin / WEEK, to: begin / WEEK })
      continue
    }
    const end = begin + (to_s > from_s ? to_s - from_s : to_s - from_s + DAY)
    all.push({ from: begin / WEEK, to: Math.min(1, end / WEEK) })
    if (end > WEEK) all.push({ from: 0, to: (end - WEEK) / WEEK })
  }
  return all.sort((a, b) => a.from - b.from)
}

const NAMES = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun']

/** Where now is in the week of the unit's zone. */
export function weekShare(ms: number, zone: string): number {
  const parts = (timeZone: string) =>
    new Intl.DateTimeFormat('en-GB', { weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone }).formatToParts(ms)
  let found
  try {
    found = parts(zone)
  } catch {
    found = parts('UTC')
  }
  const of = (type: string) => found.find((part) => part.type === type)?.value ?? ''
  const day = Math.max(0, NAMES.indexOf(of('weekday')))
  return (day * DAY + Number(of('hour')) * 3600 + Number(of('minute')) * 60) / WEEK
}

/** `22:00`, `06:30:15`. */
export function dayTime(seconds: number): string {
  const two = (n: number) => String(n).padStart(2, '0')
  const text = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}`
  return seconds % 60 ? `${text}:${two(seconds % 60)}` : text
}
