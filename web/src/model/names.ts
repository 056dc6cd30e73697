// What things are called on every page.
import type { Component, Device } from '../api/types'
import { t } from '../text'

/** What people called it, else what it is: `Outlet 3`, `Phase A`. */
export function componentName(component: Component): string {
  if (component.label) return component.label
  const fixed = t.component[component.name]
  if (fixed) return fixed
  const kind = t.kind[component.kind]
  return kind && component.number !== null ? `${kind} ${component.number}` : component.name
}

/** The label where there is one; the name is always shown beside it. */
export function deviceTitle(device: Device): string {
  return device.label || device.name
}

/** Name of a point without its device: `Outlet 3 current`. */
export function pointTitle(component: Component, label: string): string {
  return component.name === 'total' ? label : `${componentName(component)} ${label.toLowerCase()}`
}
