// Adds points to a graph: a search field whose hits can be taken one after the other.
import { useId, useMemo, useState } from 'preact/hooks'
import { useCell } from '../../base/cell'
import { find } from '../../model/search'
import { places, site } from '../../model/site'
import { MAX_PATHS } from '../../route/graph-state'
import { moved } from '../../shell/pointer'
import { pointEntries } from '../../shell/search-entries'
import { t } from '../../text'

const MOST = 40

export function Picker({ chosen, onAdd }: { chosen: string[]; onAdd: (path: string) => void }) {
  const here = useCell(site)
  const [wanted, setWanted] = useState('')
  const [at, setAt] = useState(0)
  const [open, setOpen] = useState(false)
  const list = useId()
  const entries = useMemo(() => pointEntries().filter((entry) => {
    const kind = places().get(entry.path ?? '')?.point.kind
    return kind === 'gauge' || kind === 'counter'
  }), [here])
  const hits = useMemo(
    () => (wanted.trim() ? find(entries.filter((entry) => !chosen.includes(entry.path!)), wanted, MOST) : []),
    [entries, wanted, chosen.join('\n')])
  const full = chosen.length >= MAX_PATHS
  const shown = open && wanted.trim() !== ''

  const take = (path: string | undefined) => {
    if (!path || full) return
    onAdd(path)
    setAt(0)
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') { setOpen(true); setAt(Math.min(at + 1, hits.length - 1)) }
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0))
    else if (event.key === 'Enter') take(hits[at]?.path)
    else if (event.key === 'Escape' && shown) setOpen(false)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div class="picker" onFocusOut={(event) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOpen(false)
    }}>
      <input type="text" role="combobox" aria-expanded={shown} aria-controls={list} aria-autocomplete="list" autocomplete="off"
        aria-activedescendant={shown && hits[at] ? `${list}-${at}` : undefined} aria-label={t.graph.add} spellcheck={false}
        placeholder={full ? t.graph.full(MAX_PATHS) : t.graph.addPlaceholder} disabled={full} value={wanted}
        onInput={(event) => { setWanted(event.currentTarget.value); setAt(0); setOpen(true) }}
        onFocus={() => setOpen(true)} onKeyDown={onKey} />
      <div class="picker-list" hidden={!shown}>
        <ul id={list} role="listbox" aria-label={t.graph.add}>
          {hits.map((hit, index) => (
            <li key={hit.path} id={`${list}-${index}`} role="option" aria-selected={index === at}
              onPointerDown={(event) => event.preventDefault()} onClick={() => take(hit.path)} onPointerMove={(event) => moved(event) && setAt(index)}>
              <span class="hit-title">{hit.title}</span><span class="hit-detail">{hit.detail}</span>
            </li>
          ))}
        </ul>
        {!hits.length && <p class="quiet-word" role="status">{t.graph.noHit}</p>}
      </div>
    </div>
  )
}
