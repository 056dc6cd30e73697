// What is asked of the event log, as the address holds it, and the list as it is drawn.
import { date, parseTime } from '../../format/time'
import type { EventKind, LogEvent } from '../../api/types'

export interface Filter {
  text: string
  kind: string
  severity: string
  actor: string
  object: string
  from: string
  to: string
}

const NAMES = ['text', 'kind', 'severity', 'actor', 'object', 'from', 'to'] as const

export function parseFilter(search: string): Filter {
  const query = new URLSearchParams(search)
  return Object.fromEntries(NAMES.map((name) => [name, query.get(name) ?? ''])) as unknown as Filter
}

/** The address of the page with this filter. */
export function printFilter(filter: Filter): string {
  const query = new URLSearchParams()
  for (const name of NAMES) if (filter[name]) query.set(name, filter[name])
  const text = query.toString()
  return text ? `/events?${text}` : '/events'
}

/** `alarm-*` is all kinds that begin so; what the unit is asked. */
export function kindsOf(kind: string, all: EventKind[]): string | string[] {
  if (!kind.endsWith('*')) return kind
  return all.map(({ name }) => name).filter((name) => name.startsWith(kind.slice(0, -1)))
}

/** Families with several kinds, as they are offered. */
export function families(all: EventKind[]): string[] {
  const counts = new Map<string, number>()
  for (const { name } of all) {
    const family = `${name.split('-')[0]}-*`
    counts.set(family, (counts.get(family) ?? 0) + 1)
  }
  return [...counts].filter(([, count]) => count > 2).map(([family]) => family)
}

export function isFiltered(filter: Filter): boolean {
  return NAMES.some((name) => filter[name] !== '')
}

/** Newest first, each once: pages and news may overlap. */
export function joined(one: LogEvent[], other: LogEvent[]): LogEvent[] {
  const all = new Map<number, LogEvent>()
  for (const event of [...one, ...other]) all.set(event.id, event)
  return [...all.values()].sort((a, b) => b.id - a.id)
}

export interface Day {
  /** `2026-11-21`, or null where the date is not known. */
  date: string | null
  events: LogEvent[]
}

/** Neighbours of the same day together; the order stays. A clock that was set back makes a day appear twice. */
export function days(events: LogEvent[], zone: string): Day[] {
  const all: Day[] = []
  for (const event of events) {
    const time = parseTime(event.time)
    const day = time === null ? null : date(time, zone)
    const last = all[all.length - 1]
    if (last && last.date === day) last.events.push(event)
    else all.push({ date: day, events: [event] })
  }
  return all
}
