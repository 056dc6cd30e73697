// What a field proposes beyond its schema, and which fields of a line mean something for its kind.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../../api/http'
import type { Port, Profile, SettingEntry, SettingRow, SettingTable } from '../../api/types'
import type { Option } from '../../model/options'
import { t } from '../../text'
import { membersOf } from './model'

/** How a field proposes: a closed list, or a search that also takes what is typed. */
export interface Offer {
  kind: 'list' | 'search'
  options: Option[]
}

/** What the unit knows and the schema does not say. */
export interface Known {
  profiles: Profile[]
  ports: Port[]
}

/** Read when lines or devices are looked at; ports again each time, because adaptors are plugged in while people wait. */
export function useKnown(table: string): Known {
  const [known, setKnown] = useState<Known>({ profiles: [], ports: [] })
  useEffect(() => {
    // Without proposals the fields still take what is typed.
    if (table === 'devices') ask<Profile[]>('/profiles').then((profiles) => setKnown((before) => ({ ...before, profiles })), () => {})
    if (table === 'lines') ask<Port[]>('/ports').then((ports) => setKnown((before) => ({ ...before, ports })), () => {})
  }, [table])
  return known
}

function profileOption({ name, vendor, model, title }: Profile): Option {
  return { value: name, label: [vendor, model].filter(Boolean).join(' ') || title || name }
}

function plain(names: string[]): Option[] {
  return names.map((value) => ({ value, label: value }))
}

/** Null: the schema says all. `kind` is that of the line the field belongs to. */
export function offerOf(table: SettingTable, row: SettingRow, member: string, kind: string, known: Known, tables: SettingTable[], values: SettingEntry[]): Offer | null {
  const names = (name: string) => {
    const found = tables.find((one) => one.name === name)
    return found ? membersOf(found, values) : []
  }
  const none = { value: '', label: t.settings.none }
  const key = `${table.name}.${row.key}`
  if (row.refers_to === 'profiles') return { kind: 'search', options: known.profiles.map(profileOption) }
  if (row.refers_to) return { kind: 'list', options: plain(names(row.refers_to)) }
  if (key === 'devices.role') return { kind: 'list', options: [{ value: '', label: t.settings.asProfile }, ...Object.entries(t.deviceRole).map(([value, label]) => ({ value, label }))] }
  if (key === 'devices.fed_by') return { kind: 'list', options: [none, { value: 'mains', label: t.overview.mains }, ...plain(names('devices').filter((name) => name !== member))] }
  if (key === 'devices.part_of') return { kind: 'list', options: [none, ...plain(names('devices').filter((name) => name !== member))] }
  if (key === 'lines.port' && kind === 'modbus-rtu') return { kind: 'search', options: known.ports.map(({ path, device }) => ({ value: path, label: device })) }
  return null
}

const WIRE = ['port', 'baud', 'parity', 'stop_bits', 'timeout_ms', 'pause_ms', 'gap_ms', 'retries']

/** By kind of line; a kind that is not here has all rows. */
const OF_KIND: Record<string, string[]> = {
  'modbus-rtu': [...WIRE, 'rs485'],
  'rtu-over-tcp': [...WIRE, 'host'],
  'modbus-tcp': ['port', 'host', 'timeout_ms', 'pause_ms', 'retries', 'in_flight'],
  sim: [],
  gpio: ['port', 'outputs', 'inputs'],
}

/** Whether a row says anything for a line of this kind. */
export function means(table: SettingTable, row: SettingRow, kind: string): boolean {
  const rows = table.name === 'lines' ? OF_KIND[kind] : undefined
  return !rows || ['kind', 'label', 'enabled'].includes(row.key) || rows.includes(row.key)
}

const FIRST: Record<string, string[]> = {
  lines: ['kind', 'label', 'port', 'host', 'baud', 'parity', 'stop_bits'],
  devices: ['line', 'unit', 'profile', 'label', 'every', 'fed_by'],
}

/** What is asked at once when something is added; the rest has good defaults. */
export function isFirst(table: SettingTable, row: SettingRow): boolean {
  return FIRST[table.name]?.includes(row.key) ?? true
}
