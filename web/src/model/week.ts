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

const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']

/** As the settings hold them: `daily`, `mon, wed, sun`. */
export function daysText(days: number[]): string {
  return days.length === 7 ? 'daily' : [...days].sort((a, b) => a - b).map((day) => DAYS[day]).join(', ')
}

/** Of `mon-fri, sun`, `fri-mon`, `daily`; what is no day is left out. */
export function parseDays(text: string): number[] {
  const found = new Set<number>()
  for (const part of text.toLowerCase().split(',').map((one) => one.trim())) {
    if (part === 'daily') DAYS.forEach((_, day) => found.add(day))
    const [from, to = from] = part.split('-').map((one) => DAYS.indexOf(one.trim()))
    if (from === undefined || to === undefined || from < 0 || to < 0) continue
    for (let day = from; ; day = (day + 1) % 7) {
      found.add(day)
      if (day === to) break
    }
  }
  return [...found].sort((a, b) => a - b)
}

/** Seconds of the day of `22:00`, `06:30:15`, `24:00`; null when it is no time. */
export function parseDayTime(text: string): number | null {
  const match = /^(\d\d):(\d\d)(?::(\d\d))?$/.exec(text.trim())
  if (!match) return null
  const [hours, minutes, seconds] = [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)]
  const sum = hours * 3600 + minutes * 60 + seconds
  return minutes > 59 || seconds > 59 || sum > DAY ? null : sum
}

/** A moment of the week: day from Monday, second of that day. */
export interface WeekTime {
  day: number
  second: number
}

/** What begins next after `share` of the week, and when that ends; null without a day. Days on which clocks change are not looked at. */
export function nextOf({ days, from_s, to_s }: Times, share: number): { from: WeekTime; to: WeekTime | null } | null {
  const now = share * WEEK
  let best: number | null = null
  for (const day of days) {
    const wait = (day * DAY + from_s - now + WEEK) % WEEK
    if (best === null || wait < best) best = wait
  }
  if (best === null) return null
  const at = (second: number): WeekTime => ({ day: Math.floor(second / DAY) % 7, second: second % DAY })
  const begin = Math.round(now + best) % WEEK
  const length = to_s === null ? null : to_s > from_s ? to_s - from_s : to_s - from_s + DAY
  return { from: at(begin), to: length === null ? null : at(begin + length) }
}
