// Where the power goes: the largest single takers of the site, each counted once.
import type { Device, Point, Value } from '../api/types'
import { known } from '../format/value'
import { componentsOf, feederOf, pointOf, powerPoint } from './site'

/** One row of "where the power goes". */
export interface Taker {
  path: string
  device: string
  name: string
  watts: number
  stale: boolean
}

interface Candidate {
  device: Device
  point: Point
  name: string
}

/** Outlets where they are measured, else the device itself; never a meter whose load is measured further down. */
function candidates(devices: Device[]): Candidate[] {
  const feeds = new Set(devices.map((device) => feederOf(device, devices)))
  return devices.flatMap((device): Candidate[] => {
    const outlets = componentsOf(device, 'outlet')
      .map((outlet) => ({ device, point: pointOf(outlet, 'real-power'), name: outlet.label || outlet.name }))
      .filter((one): one is Candidate => one.point !== undefined)
    if (outlets.length) return outlets
    const point = powerPoint(device)
    return point && !feeds.has(device.name) ? [{ device, point, name: device.label || device.name }] : []
  })
}

/** The `most` largest, largest first. Unknown and feeding-in ones are left out: neither takes power that can be told. */
export function takers(devices: Device[], get: (path: string) => Value | undefined, most: number): Taker[] {
  const all: Taker[] = []
  for (const { device, point, name } of candidates(devices)) {
    const value = get(point.path)
    if (!known(value) || value.value <= 0) continue
    all.push({ path: point.path, device: device.name, name, watts: value.value, stale: value.quality === 'stale' })
  }
  return all.sort((a, b) => b.watts - a.watts).slice(0, most)
}

/** Power drawn from the mains: the sum of what hangs on it directly; null while any part is unknown. */
export function mainsPower(devices: Device[], get: (path: string) => Value | undefined): number | null {
  let sum = 0
  let measured = 0
  for (const device of devices) {
    if (feederOf(device, devices) !== 'mains' || device.state === 'disabled') continue
    const point = powerPoint(device)
    if (!point) continue
    const value = get(point.path)
    if (!known(value)) return null
    sum += value.value
    measured++
  }
  return measured ? sum : null
}

/** Greatest deviation from the mean of the phases, as a share of the mean. */
export function imbalance(currents: number[]): number | null {
  if (currents.length < 2) return null
  const mean = currents.reduce((sum, one) => sum + one, 0) / currents.length
  if (mean <= 0) return null
  return Math.max(...currents.map((one) => Math.abs(one - mean))) / mean
}
