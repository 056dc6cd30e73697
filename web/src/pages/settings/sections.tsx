// The sections of the settings, grouped as people think; on a phone as one list to choose from.
import { useEffect, useRef } from 'preact/hooks'
import type { SettingTable } from '../../api/types'
import { useCell } from '../../base/cell'
import { mayAs, session } from '../../model/session'
import { go } from '../../route/route'
import { t } from '../../text'

/** In the order in which a new unit is set up. What is new to these pages stands in the last group. */
const GROUPS: [string, string[]][] = [
  ['unit', ['site', 'access', 'users', 'tokens', 'web', 'certificate']],
  ['equipment', ['lines', 'devices', 'channels', 'pulses', 'outputs', 'lamps']],
  ['switching', ['outlets', 'groups', 'interlocks', 'schedules', 'budgets', 'switching']],
  ['energy', ['energy', 'tariffs', 'demand']],
  ['alarms', ['alarms', 'recipients', 'mail', 'reports', 'notices', 'business_hours', 'active_hours']],
  ['programs', ['gateways', 'gateway_rules', 'snmp', 'communities', 'snmp_users', 'snmp_tables', 'nut', 'nut_ups', 'nut_users']],
  ['kept', ['history', 'export', 'events', 'log']],
]

interface Section {
  name: string
  label: string
}

/** Pure: every section once, empty groups left out. */
export function grouped(sections: Section[]): { group: string; sections: Section[] }[] {
  const known = new Set(GROUPS.flatMap(([, names]) => names))
  const found = GROUPS.map(([group, names]) => ({ group, sections: names.flatMap((name) => sections.filter((one) => one.name === name)) }))
  return [...found, { group: 'others', sections: sections.filter(({ name }) => !known.has(name)) }].filter((one) => one.sections.length > 0)
}

export function Sections({ tables, current }: { tables: SettingTable[]; current: string }) {
  // Rules of history stand in its own section.
  const all = tables.filter(({ name }) => name !== 'history_rules').map(({ name, label }) => ({ name, label }))
  if (mayAs(useCell(session), 'administrator')) {
    all.push({ name: 'certificate', label: t.certificate.title }, { name: 'users', label: t.settings.users }, { name: 'tokens', label: t.settings.tokens })
  }
  const groups = grouped(all)
  const address = (name: string) => `/settings/${encodeURIComponent(name)}`
  const words = t.settings.groups
  const nav = useRef<HTMLElement>(null)
  // The list may be longer than the screen; where one is must be seen.
  useEffect(() => {
    const here = nav.current?.querySelector<HTMLElement>('[aria-current]')
    if (here && nav.current) nav.current.scrollTop = here.offsetTop - nav.current.clientHeight / 2
  }, [current, all.length])
  return (
    <nav ref={nav} class="sections" aria-label={t.settings.sections}>
      <select class="sections-choice" aria-label={t.settings.section} value={current} onChange={(event) => go(address(event.currentTarget.value))}>
        {groups.map(({ group, sections }) => (
          <optgroup key={group} label={words[group]}>{sections.map(({ name, label }) => <option key={name} value={name}>{label}</option>)}</optgroup>
        ))}
      </select>
      {groups.map(({ group, sections }) => (
        <div key={group} class="sections-group">
          <h2 id={`sections-${group}`}>{words[group]}</h2>
          <ul aria-labelledby={`sections-${group}`}>
            {sections.map(({ name, label }) => <li key={name}><a href={address(name)} aria-current={name === current ? 'page' : undefined}>{label}</a></li>)}
          </ul>
        </div>
      ))}
    </nav>
  )
}
