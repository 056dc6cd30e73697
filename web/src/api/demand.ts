// Averages over a window with their peaks, and highest and lowest readings, as the unit keeps them.
import { ask } from './http'

export type DemandKind = 'block' | 'sliding' | 'extremes'

/** Times are seconds since 1970; null is not known yet. */
export interface Demand {
  /** Path of the point that is averaged or watched. */
  source: string
  kind: DemandKind
  /** 0 of extremes. */
  window_s: number
  /** The derived points; null where the meter has its own. */
  point: string | null
  peak_point: string | null
  unit: string
  last: number | null
  last_time: number | null
  /** Of the window under way, and when it (of a sliding one: its part) ends. */
  running: number | null
  ends: number | null
  peak: number | null
  peak_time: number | null
  month_peak: number | null
  month_peak_time: number | null
  least: number | null
  least_time: number | null
  /** Of the last reset. */
  since: number | null
}

export function loadDemands(signal?: AbortSignal): Promise<Demand[]> {
  return ask<Demand[]>('/energy/demand', { signal })
}

/** Everything that is kept of this point: averages and extremes alike. */
export function resetDemand(source: string): Promise<void> {
  return ask(`/energy/demand/${source.split('/').map(encodeURIComponent).join('/')}`, { method: 'DELETE' })
}
