// What the alarm pages reckon with: the address, rules in words, patterns of points. Pure.
import type { Alarm } from '../../api/alarms'
import type { Site } from '../../api/types'
import { componentName } from '../../model/names'
import { fits } from '../../model/members'
import type { Option } from '../../model/options'
import { t } from '../../text'

export interface AlarmView {
  /** Normal ones too. */
  all: boolean
  /** This and worse; '' for all. */
  severity: string
  device: string
}

export function parseAlarms(search: string): AlarmView {
  const query = new URLSearchParams(search)
  return { all: query.get('show') === 'all', severity: query.get('severity') ?? '', device: query.get('device') ?? '' }
}

export function printAlarms({ all, severity, device }: AlarmView): string {
  const query = new URLSearchParams()
  if (all) query.set('show', 'all')
  if (severity) query.set('severity', severity)
  if (device) query.set('device', device)
  const text = query.toString()
  return text ? `/alarms?${text}` : '/alarms'
}

const SEVERITIES = ['info', 'warning', 'critical']

export function fitsFilter(alarm: Alarm, { severity, device }: AlarmView): boolean {
  const enough = !severity || SEVERITIES.indexOf(alarm.severity) >= SEVERITIES.indexOf(severity)
  return enough && (!device || alarm.path === device || alarm.path.startsWith(`${device}/`))
}

/** Every point, and patterns for all of a kind: `pdu-a/outlet-*` with a quantity; devices too, for lost contact. */
export function pointOptions(here: Site | null, lost: boolean): Option[] {
  const single: Option[] = []
  const families = new Map<string, { count: number; label: string }>()
  for (const device of here?.devices ?? []) {
    for (const component of device.components) {
      for (const point of component.points) {
        if (point.kind === 'text') continue
        const title = [device.label || device.name, componentName(component), point.label].filter(Boolean).join(' · ')
        single.push({ value: point.path, label: point.unit ? `${title} · ${point.unit}` : title })
        if (component.number === null) continue
        const path = `${device.name}/${component.kind}-*/${point.quantity}`
        const kind = t.kinds[component.kind] ?? component.kind
        const before = families.get(path)
        families.set(path, { count: (before?.count ?? 0) + 1, label: `${device.label || device.name} · ${kind} · ${point.label}` })
      }
    }
  }
  const patterns = [...families].filter(([, { count }]) => count > 1).map(([value, { count, label }]) => ({ value, label: t.alarms.rule.allOf(count, label) }))
  const devices = lost ? [{ value: '*', label: t.alarms.rule.contactAll }, ...(here?.devices ?? []).map(({ name, label }) => ({ value: name, label: t.alarms.rule.contactOf(label || name) }))] : []
  return [...devices, ...patterns, ...single]
}

/** The points (paths with a slash) and devices that a part of a rule's list is about now. */
export function fitting(part: string, here: Site | null): string[] {
  if (!part.includes('/')) return (here?.devices ?? []).map(({ name }) => name).filter((name) => fits(part, name))
  return (here?.devices ?? []).flatMap(({ components }) => components.flatMap(({ points }) => points.map(({ path }) => path))).filter((path) => fits(part, path))
}

/** The unit that all of these points have in common; '' when they differ or there are none. */
export function unitOf(paths: string[], here: Site | null): string {
  const units = new Set<string>()
  const wanted = new Set(paths)
  for (const device of here?.devices ?? []) {
    for (const component of device.components) for (const point of component.points) if (wanted.has(point.path)) units.add(point.unit)
  }
  return units.size === 1 ? [...units][0]! : ''
}

/** What the keys of a rule say, as a sentence. */
export function ruleInWords(text: (key: string) => string, what: string, unit: string): string {
  const words = t.alarms.rule
  const when = text('when')
  if (!when) return ''
  const value = (limit: string) => (unit && /^-?\d+(?:[.,]\d+)?$/.test(limit) ? `${limit}\u202f${unit}` : limit)
  const limit = text('limit')
  const per = when === 'rate-over' ? ` a ${words.pers[text('per')] ?? text('per')}` : ''
  const condition = [words.whens[when] ?? when, limit && `${value(limit)}${per}`].filter(Boolean).join(' ')
  const hold = /^0\b/.test(text('for')) ? '' : text('for')
  const recover = text('recover') ? value(text('recover')) : ''
  return words.words(what || '…', condition, hold, recover, text('latch') === 'true')
}

/** A limit in the unit of the point: `40`, `150 °F`; NaN for words and times. */
export function limitNumber(text: string): number {
  const match = /^\s*(-?\d+(?:[.,]\d+)?)\s*(°?[CF])?\s*$/.exec(text)
  if (!match) return NaN
  const value = Number(match[1]!.replace(',', '.'))
  return match[2]?.endsWith('F') ? ((value - 32) * 5) / 9 : value
}

/** Kinds of conditions that want a limit, and those that have a recovery threshold. */
export const WANTS_LIMIT = new Set(['over', 'under', 'equals', 'differs', 'rate-over', 'older'])
export const RECOVERS = new Set(['over', 'under', 'rate-over'])
