// Settings as the pages handle them: keys, checks while typing, changes, conflicts. Pure.
import type { SettingEntry, SettingRow, Settings, SettingTable, SettingValue } from '../../api/types'
import { number } from '../../format/number'
import { t } from '../../text'

/** Key by which a value is read and written: `web.port`, `devices.meter-1.every_ms`. */
export function fullKey(table: SettingTable, row: SettingRow, member: string | null): string {
  const prefix = `${table.name}.`
  const own = row.key.startsWith(prefix) ? row.key.slice(prefix.length) : row.key
  return member === null ? prefix + own : `${prefix}${member}.${own}`
}

/** Names in a collection, from the keys that exist. */
export function membersOf(table: SettingTable, values: SettingEntry[]): string[] {
  const prefix = `${table.name}.`
  const names = new Set<string>()
  for (const { key } of values) {
    if (!key.startsWith(prefix)) continue
    const rest = key.slice(prefix.length)
    const end = rest.lastIndexOf('.')
    if (end > 0) names.add(rest.slice(0, end))
  }
  return [...names]
}

export type Control = 'text' | 'number' | 'switch' | 'choice' | 'duration' | 'secret'

const NUMERIC = /^(?:u?int(?:eger)?\d*|number|float|double|real|port|percent)$/
const WHOLE = /^(?:u?int(?:eger)?\d*|port)$/

/** Secrets first: whatever their type, they are never shown. */
export function controlOf(row: SettingRow): Control {
  if (row.secret) return 'secret'
  if (row.type === 'bool' || row.type === 'boolean') return 'switch'
  if (row.choices?.length) return 'choice'
  if (row.type === 'duration') return 'duration'
  return NUMERIC.test(row.type) ? 'number' : 'text'
}

/** What would be sent, and what speaks against it. */
export interface Checked {
  value: SettingValue
  /** A sentence when the text is no value for this setting. */
  fault: string | null
}

function checkNumber(row: SettingRow, text: string): Checked {
  // A decimal comma is what half of the world types.
  const value = Number(text.trim().replace(',', '.'))
  const { check } = t.settings
  if (!text.trim() || !Number.isFinite(value)) return { value: null, fault: check.number }
  if (WHOLE.test(row.type) && !Number.isInteger(value)) return { value, fault: check.whole }
  const withUnit = (limit: number) => shown(limit, row)
  if (row.min !== null && row.min !== undefined && value < row.min) return { value, fault: check.min(withUnit(row.min)) }
  if (row.max !== null && row.max !== undefined && value > row.max) return { value, fault: check.max(withUnit(row.max)) }
  return { value, fault: null }
}

const SECONDS: Record<string, number> = { d: 86400, h: 3600, min: 60, s: 1, ms: 1e-3, us: 1e-6 }

/** Seconds of `1.5 s`, `10 min`, `0`; null when it is no duration. */
export function durationSeconds(text: string): number | null {
  const match = /^(\d+(?:\.\d{1,6})?) *(d|h|min|s|ms|us)?$/.exec(text.trim())
  if (!match) return null
  const amount = Number(match[1])
  if (!match[2]) return amount === 0 ? 0 : null
  return amount * SECONDS[match[2]]!
}

function checkDuration(row: SettingRow, text: string): Checked {
  const seconds = durationSeconds(text)
  const { check } = t.settings
  if (seconds === null) return { value: text, fault: check.duration }
  if (isLimit(row.min) && seconds < row.min) return { value: text, fault: check.min(durationWords(row.min)) }
  if (isLimit(row.max) && seconds > row.max) return { value: text, fault: check.max(durationWords(row.max)) }
  return { value: text.trim(), fault: null }
}

/** A limit in the largest unit that takes it whole, as the API writes durations. */
export function durationWords(seconds: number): string {
  for (const [unit, size] of Object.entries(SECONDS)) {
    const amount = seconds / size
    if (seconds > 0 && amount >= 1 && Math.abs(amount - Math.round(amount)) < 1e-9) return `${number(Math.round(amount), 0)}\u202f${unit}`
  }
  return `0\u202fs`
}

function isLimit(limit: number | null | undefined): limit is number {
  return limit !== null && limit !== undefined
}

/** Limits of texts are bytes, as the daemon counts them. */
function checkLength(row: SettingRow, text: string): Checked {
  const bytes = new TextEncoder().encode(text).length
  if (row.required && !text.trim()) return { value: text, fault: t.settings.check.required }
  return { value: text, fault: isLimit(row.max) && bytes > row.max ? t.settings.check.long(row.max) : null }
}

/** The same rules as the daemon's, for a quick answer; the daemon's own check decides. */
export function checkText(row: SettingRow, text: string): Checked {
  if (controlOf(row) === 'number') return checkNumber(row, text)
  if (controlOf(row) === 'switch') return { value: text === 'true', fault: null }
  if (row.choices?.length && !row.choices.includes(text)) return { value: text, fault: t.settings.check.choice(row.choices.join(', ')) }
  if (controlOf(row) === 'duration') return checkDuration(row, text)
  return row.secret || row.choices?.length ? { value: text, fault: null } : checkLength(row, text)
}

export function textOf(value: SettingValue): string {
  return value === null || value === undefined ? '' : Array.isArray(value) ? value.join(', ') : String(value)
}

function decimalsOf(value: number): number {
  return Math.min((String(value).split('.')[1] ?? '').length, 6)
}

/** A value in words: with its unit, on and off, “empty”. */
export function shown(value: SettingValue | undefined, row: SettingRow): string {
  if (row.secret) return t.settings.secretShown
  if (value === null || value === undefined || value === '') return t.settings.empty
  if (typeof value === 'boolean') return value ? t.settings.yes : t.settings.no
  if (typeof value === 'number') return `${number(value, decimalsOf(value))}${row.unit ? `\u202f${row.unit}` : ''}`
  return Array.isArray(value) ? value.join(', ') : value
}

/** Null where a range would say nothing: texts, choices, switches. */
export function rangeWords(row: SettingRow): string | null {
  const control = controlOf(row)
  if (control !== 'number' && control !== 'duration') return null
  const words = (limit: number, unit = true) => control === 'duration' ? durationWords(limit) : shown(limit, unit ? row : { ...row, unit: null })
  if (isLimit(row.min) && isLimit(row.max)) return t.settings.range(words(row.min, false), words(row.max))
  if (isLimit(row.min)) return t.settings.atLeast(words(row.min))
  return isLimit(row.max) ? t.settings.atMost(words(row.max)) : null
}

export type Values = Map<string, SettingEntry>

export function valuesOf(settings: Settings): Values {
  return new Map(settings.values.map((entry) => [entry.key, entry]))
}

/** What somebody typed and has not applied, with the value it was typed over. */
export interface Edit {
  text: string
  base: SettingValue
}

export type Edits = Map<string, Edit>

/** A new map: the one before may still be on the screen. */
export function withEdit(edits: Edits, entry: SettingEntry, text: string, secret: boolean): Edits {
  const next = new Map(edits)
  const unchanged = secret ? text === '' : text === textOf(entry.value)
  if (unchanged) next.delete(entry.key)
  else next.set(entry.key, { text, base: edits.get(entry.key)?.base ?? entry.value })
  return next
}

/** Somebody else's value against ours. */
export interface Conflict {
  key: string
  theirs: SettingValue
  mine: string
}

/** After somebody else's change: where both changed the same setting to different values. */
export function conflictsOf(edits: Edits, now: Values): Conflict[] {
  const found: Conflict[] = []
  for (const [key, edit] of edits) {
    const entry = now.get(key)
    if (!entry) continue
    const moved = textOf(entry.value) !== textOf(edit.base)
    if (moved && textOf(entry.value) !== edit.text) found.push({ key, theirs: entry.value, mine: edit.text })
  }
  return found
}

/** Edits that still say something, laid over the values of now. */
export function rebase(edits: Edits, now: Values): Edits {
  const next: Edits = new Map()
  for (const [key, edit] of edits) {
    const entry = now.get(key)
    if (!entry || entry.source === 'file' || textOf(entry.value) === edit.text) continue
    next.set(key, { text: edit.text, base: entry.value })
  }
  return next
}

/** Keys that somebody edited here and somebody else took away, with what was typed. */
export function goneOf(edits: Edits, now: Values): string[] {
  return [...edits].filter(([key]) => !now.has(key)).map(([key, { text }]) => `${key} = ${text}`)
}

/** What the unit says about single keys. */
export type Refused = Map<string, string>

/** The unit's sentences begin with the key; “devices.a: "line" is missing” belongs to devices.a.line. */
export function refusedOf(errors: string[]): Refused {
  const found: Refused = new Map()
  for (const error of errors) {
    const match = /^([a-z_]+\.[a-z0-9._-]+): (.*)$/s.exec(error)
    if (!match) continue
    const missing = /^"([a-z_]+)" is missing/.exec(match[2]!)
    const key = missing ? `${match[1]}.${missing[1]}` : match[1]!
    if (!found.has(key)) found.set(key, match[2]!.charAt(0).toUpperCase() + match[2]!.slice(1))
  }
  return found
}

/** The keys of one record, `devices.meter-1.`, and what they hold. */
export function entriesOf(table: SettingTable, member: string, values: Values): SettingEntry[] {
  return table.rows.map((row) => values.get(fullKey(table, row, member))).filter((entry) => entry !== undefined)
}

/** Where a record stands in the site file; null when it was made on the page. */
export function placeOf(table: SettingTable, member: string, values: Values): string | null {
  const needed = table.rows.filter((row) => row.required)
  const entry = needed.map((row) => values.get(fullKey(table, row, member))).find((one) => one?.source === 'file')
  return entry ? entry.place ?? '' : null
}

/** Keys elsewhere that name a record: devices on a line, devices fed by a device. */
export function referencesTo(table: SettingTable, member: string, tables: SettingTable[], values: Values): SettingEntry[] {
  const found: SettingEntry[] = []
  for (const other of tables) {
    const rows = other.rows.filter((row) => row.refers_to === table.name || (table.name === 'devices' && other === table && row.key === 'fed_by'))
    for (const name of rows.length ? membersOf(other, [...values.values()]) : []) {
      for (const row of rows) {
        const entry = values.get(fullKey(other, row, name))
        if (entry?.value === member) found.push(entry)
      }
    }
  }
  return found
}

/** What was set on the page, to be put back or to be carried to another name. */
export function ownValues(table: SettingTable, member: string, values: Values, as = member): Record<string, SettingValue> {
  const own: Record<string, SettingValue> = {}
  for (const row of table.rows) {
    const entry = values.get(fullKey(table, row, member))
    if (entry?.source === 'page' && !row.secret) own[fullKey(table, row, as)] = entry.value
  }
  return own
}

/** The daemon's rule for names of records (a first letter or digit, then also . _ -). */
/** Records of some tables are named by the path of a component. */
const OF_PATHS = new Set(['outlets', 'outputs'])

export function nameFault(name: string, taken: string[], table = ''): string | null {
  if (!name) return t.settings.check.required
  const form = OF_PATHS.has(table) ? /^[a-z0-9][a-z0-9._-]{0,62}\/[a-z]+-[0-9]{1,3}$/ : /^[a-z0-9][a-z0-9._-]{0,62}$/
  if (!form.test(name)) return OF_PATHS.has(table) ? t.settings.check.path : t.settings.check.name
  return taken.includes(name) ? t.settings.check.taken(name) : null
}

/** As browsers compare: `*.example.net` stands for one label. */
export function covers(names: string[], host: string): boolean {
  const wanted = host.toLowerCase().replace(/^\[|\]$/g, '')
  const parent = wanted.replace(/^[^.]+/, '*')
  return names.some((name) => name.toLowerCase() === wanted || name.toLowerCase() === parent)
}
