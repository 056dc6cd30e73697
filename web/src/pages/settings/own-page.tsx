// Where else the records of a table are: a page that helps to set them up, or one that shows how they stand.
import { t } from '../../text'

interface Link {
  href: string
  words: string
}

const SET_UP: Record<string, Link> = {
  energy: { href: '/energy/groups', words: t.energy.groups.title },
  tariffs: { href: '/energy/tariffs', words: t.energy.tabs.tariffs! },
  groups: { href: '/control/groups', words: t.control.groups },
  interlocks: { href: '/control/interlocks', words: t.control.interlock.title },
  schedules: { href: '/control/schedules', words: t.control.week.title },
  outlets: { href: '/control/settings', words: t.control.own.list },
  alarms: { href: '/alarms/rules', words: t.alarms.rule.title },
  recipients: { href: '/alarms/recipients', words: t.alarms.recipient.title },
  reports: { href: '/alarms/reports', words: t.alarms.report.title },
}

const nut: Link = { href: '/diagnostics/nut', words: t.nut.title }
const SEEN: Record<string, Link> = {
  demand: { href: '/energy/demand', words: t.energy.demand.title }, gateways: { href: '/diagnostics/gateways', words: t.gateways.title }, nut, nut_ups: nut, nut_users: nut,
}

/** Nothing for tables that stand in the settings alone. */
export function OwnPage({ table }: { table: string }) {
  const help = SET_UP[table]
  const link = help ?? SEEN[table]
  return link ? <> {help ? t.records.ownPage : t.records.seenOn} <a href={link.href}>{link.words}</a></> : null
}
