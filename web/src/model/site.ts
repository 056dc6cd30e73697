// The site tree with the look-ups that pages need.
import type { Component, Device, Point, Site } from '../api/types'
import { Cell } from '../base/cell'

export const site = new Cell<Site | null>(null)

/** A point with what it belongs to. */
export interface Place {
  device: Device
  component: Component
  point: Point
}

let indexed: Site | null = null
let index = new Map<string, Place>()

/** Where each point is; made once per tree. */
export function places(from: Site | null = site.get()): Map<string, Place> {
  if (from === indexed) return index
  indexed = from
  index = new Map()
  for (const device of from?.devices ?? []) {
    for (const component of device.components) {
      for (const point of component.points) index.set(point.path, { device, component, point })
    }
  }
  return index
}

export function findDevice(name: string): Device | undefined {
  return site.get()?.devices.find((device) => device.name === name)
}

/** The point of a component that measures `quantity`, if any. */
export function pointOf(component: Component | undefined, quantity: string): Point | undefined {
  return component?.points.find((point) => point.quantity === quantity)
}

export function componentsOf(device: Device, kind: string): Component[] {
  return device.components.filter((component) => component.kind === kind)
}

export function componentNamed(device: Device, name: string): Component | undefined {
  return device.components.find((component) => component.name === name)
}

/** The point that says how much power goes through a device: its total, else its input, else its output. */
export function powerPoint(device: Device): Point | undefined {
  for (const name of ['total', 'mains', 'supply', 'phase-a', 'output-1']) {
    const point = pointOf(componentNamed(device, name), 'real-power')
    if (point) return point
  }
  return undefined
}

export const ROOT = 'mains'

/** A device whose `fed_by` names nothing known hangs on the mains, so that it is never lost from the drawing. */
export function feederOf(device: Device, all: Device[]): string {
  const feeder = device.fed_by
  const exists = feeder && feeder !== device.name && all.some((other) => other.name === feeder)
  return exists ? feeder : ROOT
}

/** A device and what hangs below it. */
export interface TreeNode {
  device: Device
  children: TreeNode[]
}

/** The feed tree. A ring in `fed_by` is cut where it would close. */
export function feedTree(devices: Device[]): TreeNode[] {
  const placed = new Set<string>()
  const grow = (feeder: string): TreeNode[] =>
    devices
      .filter((device) => feederOf(device, devices) === feeder && !placed.has(device.name))
      .map((device) => {
        placed.add(device.name)
        return { device, children: grow(device.name) }
      })
  const roots = grow(ROOT)
  for (const device of devices) {
    if (placed.has(device.name)) continue
    placed.add(device.name)
    roots.push({ device, children: grow(device.name) })
  }
  return roots
}
