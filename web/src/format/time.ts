// Times and spans in words short enough for a table.
import { THIN } from './number'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** A span in its largest sensible unit: `0.3 s`, `4 s`, `4 min`, `3 h 05 min`, `2 d 4 h`. */
export function span(ms: number): string {
  const safe = Math.max(0, ms)
  if (safe < SECOND) return `${(Math.floor(safe / 100) / 10).toFixed(1)}${THIN}s`
  if (safe < MINUTE) return `${Math.floor(safe / SECOND)}${THIN}s`
  if (safe < HOUR) return `${Math.floor(safe / MINUTE)}${THIN}min`
  if (safe < DAY) {
    const hours = Math.floor(safe / HOUR)
    const minutes = Math.floor((safe % HOUR) / MINUTE)
    return `${hours}${THIN}h ${String(minutes).padStart(2, '0')}${THIN}min`
  }
  const days = Math.floor(safe / DAY)
  return days < 10
    ? `${days}${THIN}d ${Math.floor((safe % DAY) / HOUR)}${THIN}h`
    : `${days}${THIN}d`
}

interface Parts {
  year: string
  month: string
  day: string
  hour: string
  minute: string
  second: string
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Making a formatter costs a hundred times what using it does: one per zone is kept. */
function formatFor(zone: string): Intl.DateTimeFormat {
  let format = formats.get(zone)
  if (!format) {
    const fields: Intl.DateTimeFormatOptions = {
      year: 'numeric', month: '2-digit', day: '2-digit',
      hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23',
    }
    try {
      format = new Intl.DateTimeFormat('en-GB', { ...fields, timeZone: zone })
    } catch {
      // A zone that this browser does not know: UTC is at least never ambiguous.
      format = new Intl.DateTimeFormat('en-GB', { ...fields, timeZone: 'UTC' })
    }
    formats.set(zone, format)
  }
  return format
}

function parts(ms: number, zone: string): Parts {
  const found: Record<string, string> = {}
  for (const { type, value } of formatFor(zone).formatToParts(ms)) found[type] = value
  return found as unknown as Parts
}

/** `03:05:09` in the zone of the unit, which need not be the browser's. */
export function clock(ms: number, zone: string): string {
  const p = parts(ms, zone)
  return `${p.hour}:${p.minute}:${p.second}`
}

export function date(ms: number, zone: string): string {
  const p = parts(ms, zone)
  return `${p.year}-${p.month}-${p.day}`
}

export function dateClock(ms: number, zone: string): string {
  return `${date(ms, zone)} ${clock(ms, zone)}`
}

/** The clock today, the day and the clock otherwise. */
export function moment(ms: number, now: number, zone: string): string {
  const p = parts(ms, zone)
  const short = `${p.hour}:${p.minute}`
  return date(ms, zone) === date(now, zone) ? short : `${p.year}-${p.month}-${p.day} ${short}`
}

/** Milliseconds of an API time, which is RFC 3339 text or already a number. */
export function parseTime(time: string | number | null | undefined): number | null {
  if (time === null || time === undefined) return null
  const ms = typeof time === 'number' ? time : Date.parse(time)
  return Number.isFinite(ms) ? ms : null
}
