// A text field with proposals: search, arrows and Enter, or type what is not in the list.
import { useId, useMemo, useState } from 'preact/hooks'
import { matching, type Option } from '../model/options'
import { moved } from '../shell/pointer'
import { t } from '../text'

export interface ComboProps {
  id: string
  value: string
  options: Option[]
  label: string
  placeholder?: string
  disabled?: boolean
  describedBy?: string
  faulty?: boolean
  onValue: (value: string) => void
}

export function Combo({ id, value, options, label, placeholder, disabled, describedBy, faulty, onValue }: ComboProps) {
  const [open, setOpen] = useState(false)
  /** Before somebody types all are shown: the value that is there would hide the others. */
  const [typed, setTyped] = useState(false)
  const [at, setAt] = useState(-1)
  const list = useId()
  const hits = useMemo(() => matching(options, typed ? value : ''), [options, typed, value])
  const known = options.find((option) => option.value === value)

  const take = (option: Option | undefined) => {
    if (!option) return
    onValue(option.value)
    setOpen(false)
    setTyped(false)
    setAt(-1)
  }
  const move = (to: number) => {
    setOpen(true)
    const next = Math.max(0, Math.min(to, hits.length - 1))
    setAt(next)
    document.getElementById(`${list}-${next}`)?.scrollIntoView({ block: 'nearest' })
  }
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'ArrowDown') move(at + 1)
    else if (event.key === 'ArrowUp') move(at - 1)
    else if (event.key === 'Enter' && open && hits.length) take(hits[Math.max(at, 0)])
    else if (event.key === 'Escape' && open) setOpen(false)
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div class="combo" onFocusOut={(event) => {
      if (!event.currentTarget.contains(event.relatedTarget as Node | null)) { setOpen(false); setTyped(false) }
    }}>
      <input id={id} type="text" role="combobox" aria-expanded={open} aria-controls={list} aria-autocomplete="list" autocomplete="off" autocapitalize="off"
        aria-activedescendant={open && hits[at] ? `${list}-${at}` : undefined} aria-describedby={describedBy} aria-invalid={faulty || undefined}
        spellcheck={false} disabled={disabled} placeholder={placeholder} value={value}
        onInput={(event) => { onValue(event.currentTarget.value); setTyped(true); setAt(0); setOpen(true) }}
        onFocus={() => setOpen(true)} onClick={() => setOpen(true)} onKeyDown={onKey} />
      {known && known.label !== value && !open && <span class="combo-known">{known.label}</span>}
      <div class="picker-list" hidden={!open}>
        <ul id={list} role="listbox" aria-label={label}>
          {hits.map((hit, index) => (
            <li key={hit.value} id={`${list}-${index}`} role="option" aria-selected={index === at}
              onPointerDown={(event) => event.preventDefault()} onClick={() => take(hit)} onPointerMove={(event) => moved(event) && setAt(index)}>
              <span class="hit-title">{hit.value}</span>{hit.label !== hit.value && <span class="hit-detail">{hit.label}</span>}
            </li>
          ))}
        </ul>
        {!hits.length && <p class="quiet-word" role="status">{t.settings.noProposal}</p>}
      </div>
    </div>
  )
}
