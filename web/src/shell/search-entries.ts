// What can be found: pages, devices, points, and the settings when somebody may see them.
import { ask } from '../api/http'
import type { SettingTable } from '../api/types'
import { componentName, deviceTitle, pointTitle } from '../model/names'
import type { Entry } from '../model/search'
import { mayAs, session } from '../model/session'
import { places, site } from '../model/site'
import { printGraph } from '../route/graph-state'
import { deviceAddress } from '../route/route'
import { t } from '../text'

function pages(): Entry[] {
  const page = (title: string, href: string): Entry => ({ kind: 'page', title, detail: '', href })
  const all = [page(t.nav.overview, '/'), page(t.nav.control, '/control'), page(t.control.groups, '/control/groups'), page(t.control.interlock.title, '/control/interlocks'), page(t.control.week.title, '/control/schedules'), page(t.nav.alarms, '/alarms'), page(t.alarms.rule.title, '/alarms/rules'), page(t.alarms.recipient.title, '/alarms/recipients'), page(t.nav.energy, '/energy'), page(t.energy.calendar.title, '/energy/calendar'), page(t.energy.demand.title, '/energy/demand'), page(t.energy.groups.title, '/energy/groups'), page(t.energy.tabs.tariffs!, '/energy/tariffs'), page(t.nav.meters, '/meters'), page(t.nav.graph, '/graph'), page(t.nav.events, '/events'), page(t.nav.diagnostics, '/diagnostics')]
  if (mayAs(session.get(), 'control')) all.push(page(t.control.own.list, '/control/settings'), page(t.gateways.title, '/diagnostics/gateways'), page(t.nut.title, '/diagnostics/nut'))
  if (mayAs(session.get(), 'installer')) all.push(page(t.nav.settings, '/settings'))
  if (mayAs(session.get(), 'administrator')) {
    all.push(page(t.certificate.title, '/settings/certificate'), page(t.settings.users, '/settings/users'), page(t.settings.tokens, '/settings/tokens'))
  }
  return all
}

function devices(): Entry[] {
  return (site.get()?.devices ?? []).map((device) => ({
    kind: 'device',
    title: device.name,
    detail: [device.label, t.deviceRole[device.role], device.vendor, device.model, t.deviceState[device.state]]
      .filter(Boolean).join(' · '),
    href: deviceAddress(device.name),
  }))
}

export function pointEntries(): Entry[] {
  const all: Entry[] = []
  for (const { device, component, point } of places().values()) {
    all.push({
      kind: 'point',
      title: point.path,
      detail: `${deviceTitle(device)} · ${pointTitle(component, point.label)}${
        component.label ? ` · ${componentName(component)}` : ''}${point.unit ? ` · ${point.unit}` : ''}`,
      href: printGraph({ paths: [point.path], from: '-6h', to: 'now' }),
      path: point.path,
    })
  }
  return all
}

let schema: SettingTable[] | null = null

async function settings(): Promise<Entry[]> {
  if (!mayAs(session.get(), 'administrator')) return []
  try {
    schema ??= (await ask<{ tables: SettingTable[] }>('/settings/schema')).tables
  } catch {
    return []
  }
  return schema.flatMap((table) => table.rows.map((row): Entry => ({
    kind: 'setting',
    title: row.key,
    detail: `${table.label} · ${row.help ?? ''}`,
    href: `/settings/${encodeURIComponent(table.name)}`,
  })))
}

/** At once what the page already knows; the settings follow when they have come. */
export async function searchEntries(show: (entries: Entry[]) => void): Promise<void> {
  const known = [...pages(), ...devices(), ...pointEntries()]
  show(known)
  const more = await settings()
  if (more.length) show([...known, ...more])
}
