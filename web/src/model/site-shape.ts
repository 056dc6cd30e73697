// The site tree as the pages want it: empty texts and zero numbers are "none", and a label says more than the name.
import type { Component, Device, Role, Site } from '../api/types'
import { t } from '../text'

/** What busbar itself would call the component; such a label says nothing new. */
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

/** What the drawing shows it as, where the profile does not say what it is. */
function roleOf(from: Device): Role {
  const has = (kind: string) => from.components.some((one) => one.kind === kind)
  if (from.role) return from.role
  return has('outlet') ? 'pdu' : has('supply') || has('battery') ? 'supply' : has('phase') || has('total') ? 'meter' : 'sensor'
}

function device(from: Device): Device {
  const label = from.label && from.label !== from.name ? from.label : null
  return { ...from, role: roleOf(from), label, fed_by: from.fed_by || null, components: from.components.map(component) }
}

/** Done once per tree, so that no page needs to know about empty texts. */
export function shaped(site: Site): Site {
  return { ...site, devices: site.devices.map(device) }
}
