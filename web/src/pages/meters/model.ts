// The list of meters: what counts as one, what is searched, how it is sorted. Pure.
import type { EnergyRow } from '../../api/energy'
import type { Component, Device, Point, Site, SiteLine } from '../../api/types'
import { pointOf, powerPoint } from '../../model/site'
import { t } from '../../text'

/** A device that measures, or one of its pulse inputs. */
export interface Meter {
  /** As the energy pages name it: the device, or `io-1/pulse-2`. */
  id: string
  device: Device
  line: SiteLine | null
  label: string
  power: Point | undefined
  /** Path of the counter, to tell how old its reading is where there is no power. */
  counter: Point | undefined
}

const counterOf = (component: Component | undefined) => pointOf(component, 'energy') ?? pointOf(component, 'volume') ?? pointOf(component, 'gas') ?? pointOf(component, 'heat') ?? pointOf(component, 'count')

export function metersOf(site: Site): Meter[] {
  return site.devices.flatMap((device): Meter[] => {
    const line = site.lines.find((one) => one.name === device.line) ?? null
    const power = powerPoint(device)
    const counter = counterOf(device.components.find((one) => one.name === 'total'))
    const own = power || counter ? [{ id: device.name, device, line, label: device.label ?? '', power, counter }] : []
    const pulses = device.components.filter((one) => one.kind === 'pulse' && counterOf(one))
    return [...own, ...pulses.map((one) => ({ id: `${device.name}/${one.name}`, device, line, label: one.label ?? device.label ?? '', power: pointOf(one, 'real-power'), counter: counterOf(one) }))]
  })
}

/** Whether it is reached over the network: a gateway of any make, or a meter with a network socket of its own. */
export const isRemote = ({ line }: Meter) => line !== null && (line.kind === 'modbus-tcp' || line.kind === 'rtu-over-tcp')

export type Sort = 'name' | 'line' | 'unit' | 'profile' | 'state' | 'age' | 'power' | 'today'
export const SORTS: Sort[] = ['name', 'line', 'unit', 'profile', 'state', 'age', 'power', 'today']

export interface MetersState {
  wanted: string
  place: 'all' | 'local' | 'remote'
  sort: Sort
  down: boolean
}

/** Nonsense in an address is ignored piece by piece. */
export function parseMeters(search: string): MetersState {
  const all = new URLSearchParams(search)
  const sort = all.get('sort') ?? ''
  return {
    wanted: all.get('q') ?? '',
    place: (['local', 'remote'] as const).find((one) => one === all.get('place')) ?? 'all',
    sort: SORTS.find((one) => one === sort.replace(/^-/, '')) ?? 'name',
    down: sort.startsWith('-'),
  }
}

export function printMeters({ wanted, place, sort, down }: MetersState): string {
  const parts = [wanted && `q=${encodeURIComponent(wanted)}`, place !== 'all' && `place=${place}`, (sort !== 'name' || down) && `sort=${down ? '-' : ''}${sort}`].filter(Boolean)
  return parts.length ? `/meters?${parts.join('&')}` : '/meters'
}

/** Every word must occur somewhere in what is shown. */
export function fitting(meters: Meter[], { wanted, place }: MetersState): Meter[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean)
  return meters.filter((meter) => {
    if (place !== 'all' && isRemote(meter) !== (place === 'remote')) return false
    const { device, line } = meter
    const text = [meter.id, meter.label, line?.name, device.unit, device.profile, device.vendor, device.model, t.deviceState[device.state], t.deviceRole[device.role]].join(' ').toLowerCase()
    return words.every((word) => text.includes(word))
  })
}

/** What changes by itself, asked for when it is sorted. */
export interface Readings {
  watts: (meter: Meter) => number | null
  ageMs: (meter: Meter) => number | null
  today: (meter: Meter) => EnergyRow | undefined
}

const STATES = ['silent', 'starting', 'disabled', 'online']

function keyOf(meter: Meter, sort: Sort, readings: Readings): string | number | null {
  const { device, line } = meter
  switch (sort) {
    case 'name': return meter.id
    case 'line': return line?.name ?? null
    case 'unit': return device.unit
    case 'profile': return device.profile
    case 'state': return STATES.indexOf(device.state)
    case 'age': return readings.ageMs(meter)
    case 'power': return readings.watts(meter)
    case 'today': return readings.today(meter)?.used ?? null
  }
}

/** Unknown stands last in both directions; equals stay in the order of their names. */
export function sorted(meters: Meter[], { sort, down }: MetersState, readings: Readings): Meter[] {
  const keyed = meters.map((meter) => ({ meter, key: keyOf(meter, sort, readings) }))
  const byName = (a: Meter, b: Meter) => a.id.localeCompare(b.id, 'en', { numeric: true })
  keyed.sort((a, b) => {
    if (a.key === null || b.key === null) return Number(a.key === null) - Number(b.key === null) || byName(a.meter, b.meter)
    const order = typeof a.key === 'number' && typeof b.key === 'number' ? a.key - b.key : String(a.key).localeCompare(String(b.key), 'en', { numeric: true })
    return (down ? -order : order) || byName(a.meter, b.meter)
  })
  return keyed.map(({ meter }) => meter)
}
