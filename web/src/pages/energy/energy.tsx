// Energy: what was used in a period, a year day by day, demand with its peaks, and the groups and tariffs behind the sums.
import { t } from '../../text'
import { CalendarSection } from './calendar'
import { DemandSection } from './demand'
import { EnergyGroups } from './groups'
import { Tariffs } from './tariffs'
import { UsedSection } from './used'

function Section({ section, search }: { section: string; search: string }) {
  switch (section) {
    case 'calendar': return <CalendarSection search={search} />
    case 'demand': return <DemandSection search={search} />
    case 'groups': return <EnergyGroups search={search} />
    case 'tariffs': return <Tariffs search={search} />
    default: return <UsedSection search={search} />
  }
}

export function EnergyPage({ section, search }: { section: string; search: string }) {
  const words = t.energy
  return (
    <div class="energy">
      <div class="title-row">
        <h1>{words.title}</h1>
        <nav class="tabs" aria-label={words.sections}>
          {Object.entries(words.tabs).map(([name, label]) => (
            <a key={name} href={name ? `/energy/${name}` : '/energy'} aria-current={name === section ? 'page' : undefined}>{label}</a>
          ))}
        </nav>
      </div>
      <Section section={section} search={search} />
    </div>
  )
}
