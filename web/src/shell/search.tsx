// Search over everything, opened by `/`: a dialog with a list that arrows move through.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks'
import { find, type Entry } from '../model/search'
import { go } from '../route/route'
import { t } from '../text'
import { moved } from './pointer'
import { searchEntries } from './search-entries'

const MOST = 30

export function Search({ onClose }: { onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null)
  const [wanted, setWanted] = useState('')
  const [chosen, setChosen] = useState(0)
  const [entries, setEntries] = useState<Entry[]>([])
  const hits = useMemo(() => find(entries, wanted, MOST), [entries, wanted])

  // Before the next key arrives: what is typed right after the slash belongs into the field.
  useLayoutEffect(() => {
    dialog.current?.showModal()
    void searchEntries(setEntries)
  }, [])
  useEffect(() => {
    document.getElementById(`hit-${chosen}`)?.scrollIntoView({ block: 'nearest' })
  }, [chosen])

  const open = (entry: Entry | undefined) => {
    if (!entry) return
    onClose()
    go(entry.href)
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') setChosen(Math.min(chosen + 1, hits.length - 1))
    else if (event.key === 'ArrowUp') setChosen(Math.max(chosen - 1, 0))
    else if (event.key === 'Enter') open(hits[chosen])
    else return
    event.preventDefault()
  }
  const onBackdrop = (event: MouseEvent) => event.target === dialog.current && onClose()

  return (
    <dialog class="search" ref={dialog} aria-label={t.search.label} onClose={onClose} onClick={onBackdrop}>
      <div class="search-box">
        <input type="text" role="combobox" aria-expanded="true" aria-controls="hits" aria-autocomplete="list"
          aria-activedescendant={hits.length ? `hit-${chosen}` : undefined} aria-label={t.search.label}
          placeholder={t.search.placeholder} autocomplete="off" spellcheck={false} autoFocus value={wanted}
          onInput={(event) => { setWanted(event.currentTarget.value); setChosen(0) }} onKeyDown={onKey} />
        <button type="button" class="quiet" onClick={onClose}>{t.search.close}</button>
      </div>
      <ul id="hits" role="listbox" aria-label={t.nav.search}>
        {hits.map((entry, at) => (
          <li key={entry.kind + entry.href + entry.title} id={`hit-${at}`} role="option" aria-selected={at === chosen}
            onClick={() => open(entry)} onPointerMove={(event) => moved(event) && setChosen(at)}>
            <span class="hit-title">{entry.title}</span>
            <span class="hit-detail">{entry.detail}</span>
            <span class="hit-kind">{t.search.kinds[entry.kind]}</span>
          </li>
        ))}
      </ul>
      <p class="search-foot" role="status">{hits.length ? t.search.keys : t.search.none}</p>
    </dialog>
  )
}
