// What to look for; the address holds all of it.
import { useEffect, useState } from 'preact/hooks'
import type { EventKind } from '../../api/types'
import { t } from '../../text'
import { families, isFiltered, type Filter } from './model'

const TYPING_MS = 300

/** Asks when somebody has stopped typing, and at once on Enter. */
function TextField(props: { id: string; label: string; value: string; placeholder: string; onChange: (value: string) => void }) {
  const { id, label, value, placeholder, onChange } = props
  const [typed, setTyped] = useState(value)
  useEffect(() => setTyped(value), [value])
  useEffect(() => {
    if (typed === value) return
    const timer = window.setTimeout(() => onChange(typed), TYPING_MS)
    return () => window.clearTimeout(timer)
  }, [typed])
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} type="search" value={typed} placeholder={placeholder} maxLength={100} autocomplete="off" spellcheck={false}
        onInput={(event) => setTyped(event.currentTarget.value)} />
    </div>
  )
}

function Choice(props: { id: string; label: string; value: string; choices: [string, string][]; onChange: (value: string) => void }) {
  const { id, label, value, choices, onChange } = props
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {choices.map(([name, words]) => <option key={name} value={name}>{words}</option>)}
      </select>
    </div>
  )
}

export function Filters({ filter, kinds, onChange }: { filter: Filter; kinds: EventKind[]; onChange: (next: Filter) => void }) {
  const { events } = t
  const spans = Object.entries(events.spans)
  const ownSpan = filter.to !== '' || !(filter.from in events.spans)
  const set = (name: keyof Filter) => (value: string) => onChange({ ...filter, [name]: value })
  return (
    <form class="event-filters" role="search" onSubmit={(event) => event.preventDefault()}>
      <TextField id="event-text" label={events.text} value={filter.text} placeholder={events.textPlaceholder} onChange={set('text')} />
      <Choice id="event-kind" label={events.kind} value={filter.kind} onChange={set('kind')}
        choices={[['', events.anyKind], ...families(kinds).map((family): [string, string] => [family, events.family(family.slice(0, -2))]), ...kinds.map(({ name, label }): [string, string] => [name, label])]} />
      <Choice id="event-severity" label={events.severity} value={filter.severity} onChange={set('severity')}
        choices={[['', events.anySeverity], ...Object.entries(events.severities).slice(1)]} />
      <TextField id="event-actor" label={events.actor} value={filter.actor} placeholder={events.actorPlaceholder} onChange={set('actor')} />
      <Choice id="event-time" label={events.time} value={ownSpan ? 'own' : filter.from}
        choices={ownSpan ? [['own', events.ownSpan], ...spans] : spans}
        onChange={(value) => value !== 'own' && onChange({ ...filter, from: value, to: '' })} />
      {isFiltered(filter) && (
        <button type="button" class="quiet" onClick={() => onChange({ text: '', kind: '', severity: '', actor: '', object: '', from: '', to: '' })}>
          {events.clear}
        </button>
      )}
    </form>
  )
}
