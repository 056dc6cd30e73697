// The sections of Diagnostics, at the head of each; who asks busbar is told to those who may switch.
import { useCell } from '../base/cell'
import { mayAs, session } from '../model/session'
import { t } from '../text'

export function DiagnosticsTabs({ section }: { section: string }) {
  const mayControl = mayAs(useCell(session), 'control')
  return (
    <nav class="tabs" aria-label={t.diagnostics.sections}>
      {Object.entries(t.diagnostics.tabs).filter(([name]) => !name || mayControl).map(([name, words]) => (
        <a key={name} href={name ? `/diagnostics/${name}` : '/diagnostics'} aria-current={name === section ? 'page' : undefined}>{words}</a>
      ))}
    </nav>
  )
}
