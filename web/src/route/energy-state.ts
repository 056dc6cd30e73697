// What is looked at on the energy pages lives in their addresses.
import type { By, EnergyWish, Period } from '../api/energy'

export const PERIODS: Period[] = ['day', 'week', 'month', 'year']
export const BYS: By[] = ['meter', 'group', 'medium']

export interface EnergyState extends EnergyWish {
  /** The row whose bars are drawn; empty is the sum of a medium. */
  of: string
}

const isDate = (text: string) => /^\d{4}-\d\d-\d\d$/.test(text) && Number.isFinite(Date.parse(text))

/** Nonsense in an address is ignored piece by piece. */
export function parseEnergy(search: string): EnergyState {
  const all = new URLSearchParams(search)
  const at = all.get('at') ?? ''
  return {
    period: PERIODS.find((one) => one === all.get('period')) ?? 'day',
    by: BYS.find((one) => one === all.get('by')) ?? 'meter',
    at: isDate(at) ? at : '',
    group: all.get('group') ?? '',
    medium: all.get('medium') ?? '',
    of: all.get('of') ?? '',
  }
}

/** The shortest address that parses back to the same state. */
export function printEnergy({ period, by, at, group, medium, of }: EnergyState): string {
  const parts: [string, string, string][] = [['period', period, 'day'], ['by', by, 'meter'], ['at', at, ''], ['group', group, ''], ['medium', medium, ''], ['of', of, '']]
  const said = parts.filter(([, value, usual]) => value !== usual).map(([name, value]) => `${name}=${encodeURIComponent(value).replace(/%2F/g, '/')}`)
  return said.length ? `/energy?${said.join('&')}` : '/energy'
}

export interface CalendarState {
  of: string
  /** Null is this year. */
  year: number | null
}

export function parseCalendar(search: string): CalendarState {
  const all = new URLSearchParams(search)
  const year = /^\d{4}$/.test(all.get('year') ?? '') ? Number(all.get('year')) : null
  return { of: all.get('of') ?? '', year }
}

export function printCalendar({ of, year }: CalendarState): string {
  const parts = [of && `of=${encodeURIComponent(of).replace(/%2F/g, '/')}`, year !== null && `year=${year}`].filter(Boolean)
  return parts.length ? `/energy/calendar?${parts.join('&')}` : '/energy/calendar'
}
