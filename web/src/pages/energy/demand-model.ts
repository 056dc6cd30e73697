// What the page on demand computes: which row is which, how far its window has gone, the highest of each day. Pure.
import type { Demand } from '../../api/demand'
import { chooseScale, type Scale } from '../../format/number'
import type { Series } from '../../model/series'

/** One point may be averaged and watched for its extremes: two rows. */
export const demandId = ({ kind, source }: Demand) => `${kind}:${source}`

export interface DemandState {
  /** `block:meter-1/total/real-power`; empty is the first. */
  of: string
  days: number
}

const SPANS = [1, 7, 30]

/** Nonsense in an address is ignored piece by piece. */
export function parseDemand(search: string): DemandState {
  const all = new URLSearchParams(search)
  return { of: all.get('of') ?? '', days: SPANS.find((one) => String(one) === all.get('days')) ?? 1 }
}

export function printDemand({ of, days }: DemandState): string {
  const parts = [of && `of=${encodeURIComponent(of).replace(/%2F/g, '/').replace(/%3A/g, ':')}`, days !== 1 && `days=${days}`].filter(Boolean)
  return parts.length ? `/energy/demand?${parts.join('&')}` : '/energy/demand'
}

/** How much of a block has passed, 0 to 1; null of what slides, and while no window runs. */
export function passed({ kind, window_s, ends }: Demand, nowS: number): number | null {
  if (kind !== 'block' || ends === null || window_s <= 0) return null
  return Math.min(1, Math.max(0, 1 - (ends - nowS) / window_s))
}

/** The point whose history is drawn: busbar's own, or the meter's beside the source. */
export function historyPath({ point, source }: Demand, exists: (path: string) => boolean): string | null {
  if (point) return point
  const [device, component, quantity = ''] = source.split('/')
  const own = `${device}/${component}/${quantity === 'energy' ? 'real-power' : quantity}-demand`
  return exists(own) ? own : null
}

/** One prefix for each unit of a table, from its largest figure. */
export function scalesOf(rows: Demand[]): Map<string, Scale> {
  const most = new Map<string, number>()
  for (const { unit, running, last, peak, month_peak } of rows) {
    most.set(unit, Math.max(most.get(unit) ?? 0, ...[running, last, peak, month_peak].map((one) => Math.abs(one ?? 0))))
  }
  return new Map([...most].map(([unit, largest]) => [unit, chooseScale(unit, largest)]))
}

export interface DayMost {
  day: string
  most: number
  /** Seconds since 1970. */
  at: number
}

/** The latest day first; `dayOf` tells the day of a time at the site. */
export function daysOf(series: Series, dayOf: (seconds: number) => string): DayMost[] {
  const days = new Map<string, DayMost>()
  for (const { time, max } of series.buckets) {
    const day = dayOf(time)
    const before = days.get(day)
    if (!before || max > before.most) days.set(day, { day, most: max, at: time })
  }
  return [...days.values()].reverse()
}
