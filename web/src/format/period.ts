// Days, weeks, months and years in words, in the zone of the unit.
import type { Period } from '../api/energy'
import { MINUS, number, THIN } from './number'

const formats = new Map<string, Intl.DateTimeFormat>()

/** Made once per zone and shape; a zone that this browser does not know is read as UTC. */
function format(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = zone + JSON.stringify(options)
  let found = formats.get(key)
  if (!found) {
    try {
      found = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: zone })
    } catch {
      found = new Intl.DateTimeFormat('en-GB', { ...options, timeZone: 'UTC' })
    }
    formats.set(key, found)
  }
  return found
}

const at = (s: number, zone: string, options: Intl.DateTimeFormatOptions) => format(zone, options).format(s * 1000)

export const dayName = (s: number, zone: string) => at(s, zone, { weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' }).replace(',', '')
export const hourName = (s: number, zone: string) => at(s, zone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' })
export const monthName = (s: number, zone: string) => at(s, zone, { month: 'long', year: 'numeric' })

/** “Sat 21 Nov 2026”, “16 to 22 Nov 2026”, “November 2026”, “2026”. */
export function periodName(period: Period, from: number, to: number, zone: string): string {
  if (period === 'day') return dayName(from, zone)
  if (period === 'month') return monthName(from, zone)
  if (period === 'year') return at(from, zone, { year: 'numeric' })
  const last = to - 43200 // noon of the last day, whatever its length
  const sameMonth = at(from, zone, { month: 'numeric' }) === at(last, zone, { month: 'numeric' })
  const first = at(from, zone, sameMonth ? { day: 'numeric' } : { day: 'numeric', month: 'short' })
  return `${first} to ${at(last, zone, { day: 'numeric', month: 'short', year: 'numeric' })}`
}

/** Whole words of one step, for tips and tables. */
export function stepName(period: Period, from: number, to: number, zone: string): string {
  if (period === 'day') return `${hourName(from, zone)} to ${hourName(to, zone)}`
  return period === 'year' ? monthName(from, zone) : dayName(from, zone)
}

/** What stands below a bar. */
export function stepShort(period: Period, from: number, zone: string): string {
  if (period === 'day') return at(from, zone, { hour: '2-digit', hourCycle: 'h23' }).slice(0, 2)
  if (period === 'week') return at(from, zone, { weekday: 'short' })
  return period === 'month' ? at(from, zone, { day: 'numeric' }) : at(from, zone, { month: 'short' })
}

/** Decimals that suit a column, from its largest figure. */
export function usedDecimals(largest: number): number {
  return largest < 1 ? 3 : largest < 10 ? 2 : largest < 1000 ? 1 : 0
}

/** `1 517.20 €`: digits as all others, the sign behind as units are. */
export function money(value: number, currency: string | null): string {
  return `${number(value, 2)}${THIN}${currencySign(currency)}`
}

export function currencySign(currency: string | null): string {
  if (!currency) return ''
  try {
    return new Intl.NumberFormat('en', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).formatToParts(0).find(({ type }) => type === 'currency')?.value ?? currency
  } catch {
    return currency // no code that anybody knows
  }
}

/** A change in whole percent with its sign; beyond tenfold as a factor. */
export function changeWords(share: number): string {
  if (share >= 9) return `${number(share + 1, 0)}${THIN}×`
  const percent = Math.round(share * 100)
  return `${percent > 0 ? '+' : percent < 0 ? MINUS : '±'}${Math.abs(percent)}${THIN}%`
}
