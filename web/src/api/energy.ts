// What was used: per meter, group and medium over a period against the one before, and day by day through a year.
import { ask, query } from './http'

export type Period = 'day' | 'week' | 'month' | 'year'
export type By = 'meter' | 'group' | 'medium'

/** What rows and totals share. Null is unknown, never nothing; `covered` is the share of the span that readings tell of. */
export interface Used {
  medium: string
  unit: string
  used: number | null
  /** The same elapsed part of the period before, and the whole of it. */
  before: number | null
  before_full: number | null
  quality?: 'good' | 'partly' | 'missing'
  covered?: number
  before_covered?: number
  cost: number | null
  cost_before?: number | null
  cost_before_full?: number | null
  /** Share of what was used whose price is known. */
  cost_covered?: number | null
  co2_kg: number | null
  co2_before_kg?: number | null
}

export interface EnergyRow extends Used {
  id: string
  name: string
  /** Path of the counter; null where several add up. */
  point: string | null
  exported?: number | null
  /** The meter that counts this one already. */
  within?: string | null
  /** Of a group, with a minus before those that are taken off. */
  members?: string[]
}

export interface EnergyTotal extends Used {
  standing?: number | null
  standing_before?: number | null
}

/** One bar: an hour, a day or a month; arrays go with `rows` and `totals`. */
export interface EnergyStep {
  from: number
  to: number
  used: (number | null)[]
  before: (number | null)[]
  covered?: number[]
  totals?: (number | null)[]
  totals_before?: (number | null)[]
  totals_covered?: number[]
}

/** Times are seconds since 1970. */
export interface Energy {
  period: Period
  by: By
  from: number
  to: number
  now: number
  before_from: number
  before_to: number
  earliest?: number | null
  currency: string | null
  problem?: string | null
  rows: EnergyRow[]
  totals: EnergyTotal[]
  steps: EnergyStep[]
}

export interface EnergyWish {
  period: Period
  by: By
  /** A day in it, `2026-11-21`; empty is now. */
  at: string
  group: string
  medium: string
}

export function energyQuery({ period, by, at, group, medium }: EnergyWish): string {
  return query({ period, by, at, group, medium })
}

export function loadEnergy(wish: EnergyWish, signal?: AbortSignal): Promise<Energy> {
  return ask<Energy>(`/energy${energyQuery(wish)}`, { signal })
}

export interface CalendarDay {
  date: string
  used: number | null
  cost: number | null
  covered: number
}

/** Days of the future are not listed. */
export interface Calendar {
  id: string
  name: string
  medium?: string
  unit: string
  currency?: string | null
  year: number
  days: CalendarDay[]
}

export function loadCalendar(of: string, year: number, signal?: AbortSignal): Promise<Calendar> {
  return ask<Calendar>(`/energy/calendar${query({ of, year })}`, { signal })
}
