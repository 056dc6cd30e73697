// The alarms: what is wrong now, the rules behind it, and who is told.
import { useCell } from '../../base/cell'
import { mayAs, session } from '../../model/session'
import { t } from '../../text'
import { Now } from './now'
import { Recipients } from './recipients'
import { Reports } from './reports'
import { Rules } from './rules'
import { Setup } from './setup'

/** What only administrators read in the API is only theirs here. */
const FOR_ADMINISTRATORS = ['recipients', 'reports', 'setup']

function Tabs({ section }: { section: string }) {
  const isAdministrator = mayAs(useCell(session), 'administrator')
  return (
    <nav class="tabs" aria-label={t.alarms.sections}>
      {Object.entries(t.alarms.tabs).filter(([name]) => isAdministrator || !FOR_ADMINISTRATORS.includes(name)).map(([name, words]) => (
        <a key={name} href={name ? `/alarms/${name}` : '/alarms'} aria-current={name === section ? 'page' : undefined}>{words}</a>
      ))}
    </nav>
  )
}

function Section({ section, search }: { section: string; search: string }) {
  switch (section) {
    case 'rules': return <Rules search={search} />
    case 'recipients': return <Recipients search={search} />
    case 'reports': return <Reports search={search} />
    case 'setup': return <Setup />
    default: return <Now search={search} />
  }
}

export function AlarmsPage({ section, search }: { section: string; search: string }) {
  return (
    <div class="alarms control">
      <div class="title-row">
        <h1>{t.alarms.title}</h1>
        <Tabs section={section} />
      </div>
      <Section section={section} search={search} />
    </div>
  )
}
