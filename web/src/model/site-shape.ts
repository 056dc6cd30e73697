// The site tree as the pages want it: empty texts and zero numbers are "none", and a label says more than the name.
import type { Component, Device, Site } from '../api/types'
import { t } from '../text'

function generated(component: Component): string[] {
  const { name, kind, number } = component
  const [first = '', second = ''] = name.split('-')
  const word = first.charAt(0).toUpperCase() + first.slice(1)
  return [t.component[name] ?? '', `${t.kind[kind] ?? word} ${number}`, `${word} ${second.toUpperCase()}`, word, name]
}

function component(from: Component): Component {
  const label = from.label && !generated(from).includes(from.label) ? from.label : null
  return { ...from, number: from.number || null, label, fed_by: from.fed_by || null }
}

function device(from: Device): Device {
  const label = from.label && from.label !== from.name ? from.label : null
  return { ...from, label, fed_by: from.fed_by || null, components: from.components.map(component) }
}

export function shaped(site: Site): Site {
  return { ...site, devices: site.devices.map(device) }
}
