// What the energy page computes from an answer: the order of its rows, bars, comparisons, the scale. Pure.
import type { CalendarDay, Energy, EnergyRow, Used } from '../../api/energy'

/** Below this share of readings two spans are not compared: a gap would look like a saving. */
export const COMPARABLE = 0.95
/** From this share on nothing is said of what is missing: a late reading is no gap. */
export const COMPLETE = 0.995

/** One bar with the one of the period before behind it. */
export interface Bar {
  from: number
  to: number
  used: number | null
  before: number | null
  /** Share of the step that readings tell of; of the running step, of what has passed. */
  covered: number
  future: boolean
}

/** What is drawn: a row, or the sum of a medium. */
export interface Subject {
  id: string
  name: string
  /** Null for a sum, whose name is its medium. */
  row: EnergyRow | null
  used: Used
  bars: Bar[]
}

export interface Placed {
  row: EnergyRow
  /** How many meters count it already. */
  depth: number
}

/** Meters below the one that counts them, else the largest first. */
export function ordered(rows: EnergyRow[]): Placed[] {
  const known = new Set(rows.map((row) => row.id))
  const parentOf = (row: EnergyRow) => (row.within && row.within !== row.id && known.has(row.within) ? row.within : null)
  const placed: Placed[] = []
  const done = new Set<string>()
  const place = (parent: string | null, depth: number) => {
    const children = rows.filter((row) => parentOf(row) === parent && !done.has(row.id))
    for (const row of children.sort((a, b) => a.unit.localeCompare(b.unit) || (b.used ?? -1) - (a.used ?? -1))) {
      if (done.has(row.id)) continue
      done.add(row.id)
      placed.push({ row, depth })
      place(row.id, depth + 1)
    }
  }
  place(null, 0)
  // A ring, which the unit refuses: shown all the same.
  for (const row of rows) if (!done.has(row.id)) placed.push({ row, depth: 0 })
  return placed
}

function barsOf(energy: Energy, used: (at: number) => number | null, before: (at: number) => number | null, covered: (at: number) => number | undefined): Bar[] {
  return energy.steps.map((step, at) => {
    const value = used(at)
    return {
      from: step.from, to: step.to, used: value, before: before(at), future: step.from >= energy.now,
      covered: covered(at) ?? (value === null ? 0 : 1),
    }
  })
}

/** The row that is asked for, else the first sum, else the first row. */
export function subjectOf(energy: Energy, of: string, nameOf: (medium: string) => string): Subject | null {
  const index = energy.rows.findIndex((row) => row.id === of)
  const row = energy.rows[index]
  if (row) return rowSubject(energy, row, index, nameOf)
  const { totals } = energy
  const total = totals.findIndex((one) => one.medium === of.replace(/^sum:/, ''))
  const at = total < 0 ? 0 : total
  if (totals[at] && energy.steps.every((step) => step.totals)) {
    return {
      id: `sum:${totals[at].medium}`, name: nameOf(totals[at].medium), row: null, used: totals[at],
      bars: barsOf(energy, (step) => energy.steps[step]!.totals?.[at] ?? null, (step) => energy.steps[step]!.totals_before?.[at] ?? null, (step) => energy.steps[step]!.totals_covered?.[at]),
    }
  }
  return energy.rows[0] ? rowSubject(energy, energy.rows[0], 0, nameOf) : null
}

function rowSubject(energy: Energy, row: EnergyRow, index: number, nameOf: (medium: string) => string): Subject {
  return {
    id: row.id, name: energy.by === 'medium' ? nameOf(row.id) : row.name || row.id, row, used: row,
    bars: barsOf(energy, (step) => energy.steps[step]!.used[index] ?? null, (step) => energy.steps[step]!.before[index] ?? null, (step) => energy.steps[step]!.covered?.[index]),
  }
}

export type Compared = { share: number } | { missing: 'now' | 'before' } | null

/** Against the same part of the period before; null where there is nothing to compare with. */
export function compare({ used, before, covered, before_covered }: Used): Compared {
  if (used === null || (covered ?? 1) < COMPARABLE) return { missing: 'now' }
  if (before === null) return null
  if ((before_covered ?? 1) < COMPARABLE) return { missing: 'before' }
  return before > 0 ? { share: used / before - 1 } : null
}

/** The top of a scale that people can divide: 1, 2, 2.5 or 5 times a power of ten, and its lines. */
export function scaleOf(largest: number): { top: number; lines: number[] } {
  if (!(largest > 0)) return { top: 1, lines: [0, 1] }
  const rough = largest / 4
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 2.5, 5, 10].map((one) => one * power).find((one) => one >= rough * 0.999)!
  const count = Math.ceil(largest / step - 1e-9)
  return { top: step * count, lines: Array.from({ length: count + 1 }, (_, at) => at * step) }
}

export const largestOf = (bars: Bar[]) => Math.max(0, ...bars.map((bar) => Math.max(bar.used ?? 0, bar.before ?? 0)))

/** A day of the calendar, or an empty place before the first of a month. */
export interface Cell {
  date: string
  day: number
}

/** Weeks of a month from Monday on; null where it has no day. */
export function weeksOf(year: number, month: number): (Cell | null)[][] {
  const first = (new Date(Date.UTC(year, month, 1)).getUTCDay() + 6) % 7
  const count = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const two = (n: number) => String(n).padStart(2, '0')
  const cells: (Cell | null)[] = Array.from({ length: first }, () => null)
  for (let day = 1; day <= count; day++) cells.push({ date: `${year}-${two(month + 1)}-${two(day)}`, day })
  while (cells.length % 7) cells.push(null)
  return Array.from({ length: cells.length / 7 }, (_, week) => cells.slice(week * 7, week * 7 + 7))
}

/** Another day, by calendar arithmetic. */
export function dayAfter(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * 864e5).toISOString().slice(0, 10)
}

export const SHADES = 5

export interface Range {
  least: number
  most: number
}

/** From the least to the largest whole day: a base load would make all days of a year look alike. */
export function rangeOf(days: CalendarDay[]): Range {
  const whole = days.filter((day) => day.used !== null && day.covered >= COMPLETE).map((day) => day.used!)
  return whole.length ? { least: Math.min(...whole), most: Math.max(...whole) } : { least: 0, most: 0 }
}

/** 1 to SHADES within the range; 0 for nothing used. */
export function shadeOf(used: number, { least, most }: Range): number {
  if (used <= 0) return 0
  return most <= least ? 3 : Math.min(SHADES, Math.max(1, Math.ceil(((used - least) / (most - least)) * SHADES)))
}
