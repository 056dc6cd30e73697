// One setting as people see it: name, control, sentence, fault. Used for what is there and for what is being added.
import type { ComponentChildren } from 'preact'
import type { SettingEntry, SettingRow } from '../../api/types'
import { Combo } from '../../parts/combo'
import { t } from '../../text'
import type { Offer } from './choices'
import { controlOf, rangeWords, shown } from './model'

export interface ControlProps {
  id: string
  row: SettingRow
  text: string
  disabled: boolean
  describedBy: string
  faulty: boolean
  offer: Offer | null
  label: string
  onText: (text: string) => void
}

function Offered({ id, text, disabled, describedBy, faulty, offer, label, onText }: ControlProps & { offer: Offer }) {
  if (offer.kind === 'search') {
    return <Combo id={id} value={text} options={offer.options} label={label} disabled={disabled} describedBy={describedBy} faulty={faulty}
      placeholder={t.settings.searchOrType} onValue={onText} />
  }
  // A value that is not in the list any more is shown, not silently replaced by the first.
  const lost = !offer.options.some((option) => option.value === text)
  return (
    <select id={id} disabled={disabled} aria-describedby={describedBy} aria-invalid={faulty || undefined} value={text} onChange={(event) => onText(event.currentTarget.value)}>
      {lost && <option value={text}>{text || t.settings.choose}</option>}
      {offer.options.map(({ value, label: words }) => <option key={value} value={value}>{words}</option>)}
    </select>
  )
}

export function Control(props: ControlProps) {
  const { id, row, text, disabled, describedBy, faulty, offer, onText } = props
  const shared = { id, disabled, 'aria-describedby': describedBy, 'aria-invalid': faulty || undefined }
  if (offer) return <Offered {...props} offer={offer} />
  switch (controlOf(row)) {
    case 'switch':
      return (
        <span class="switch">
          <input {...shared} type="checkbox" role="switch" checked={text === 'true'} onChange={(event) => onText(String(event.currentTarget.checked))} />
          <span aria-hidden="true">{text === 'true' ? t.settings.yes : t.settings.no}</span>
        </span>
      )
    case 'choice':
      return (
        <select {...shared} value={text} onChange={(event) => onText(event.currentTarget.value)}>
          {!row.choices!.includes(text) && <option value={text}>{text || t.settings.choose}</option>}
          {row.choices!.map((choice) => <option key={choice} value={choice}>{choice}</option>)}
        </select>
      )
    case 'number':
      return (
        <span class="with-unit">
          <input {...shared} type="text" inputMode="decimal" autocomplete="off" value={text} onInput={(event) => onText(event.currentTarget.value)} />
          {row.unit && <span class="unit">{row.unit}</span>}
        </span>
      )
    case 'secret':
      return <input {...shared} type="password" autocomplete="new-password" value={text} placeholder={t.settings.secretSet} onInput={(event) => onText(event.currentTarget.value)} />
    default:
      return <input {...shared} type="text" autocomplete="off" autocapitalize="off" spellcheck={false} value={text} onInput={(event) => onText(event.currentTarget.value)} />
  }
}

/** Words that people write in capitals. */
const SHORT = /\b(?:ca|csv|dhcp|ftps?|http|https|id|ip|mib|nut|pin|puk|smtp|snmp|tls|udp|url|utc)\b/g

/** `every_ms` says its unit beside the field already; the key itself stands below for those who write files. */
export function inWords(name: string): string {
  const words = name.replace(/_(?:ms|s|days|minutes|mb)$/, '').replace(/[_-]/g, ' ')
  return words.replace(SHORT, (word) => word.toUpperCase()).replace(/^./, (first) => first.toUpperCase())
}

/** Range, default, and what it takes to have an effect. */
function Notes({ standard, row }: { standard: SettingEntry['default']; row: SettingRow }) {
  const usual = row.secret || row.required ? null : t.settings.defaultIs(shown(standard ?? row.default, row))
  const notes = [rangeWords(row), usual, row.apply === 'restart' ? t.settings.restart : null]
  return <span class="notes">{notes.filter(Boolean).join(' · ')}</span>
}

export interface LineProps {
  name: string
  /** What people call it; usually the key in words. */
  label?: string
  row: SettingRow
  keyText: string
  text: string
  standard: SettingEntry['default']
  fault: string | null
  offer: Offer | null
  /** Why it cannot be changed here; null when it can. */
  fixed?: string | null
  origin?: { source: SettingEntry['source'] }
  edited?: boolean
  /** Beside the control. */
  children?: ComponentChildren
  onText: (text: string) => void
}

export function Line({ name, label = inWords(name), row, keyText, text, standard, fault, offer, fixed = null, origin, edited = false, children, onText }: LineProps) {
  const id = `setting-${keyText}`
  return (
    <div class={`setting${edited ? ' edited' : ''}${fixed ? ' fixed' : ''}`} data-key={keyText}>
      <div class="setting-name">
        <label for={id}>{label}</label>
        {origin && <span class={`origin ${origin.source}`}>{t.settings.source[origin.source]}</span>}
        {!origin && row.required && <span class="origin">{t.settings.required}</span>}
        {origin && <code class="key">{keyText}</code>}
      </div>
      <div class="setting-control">
        <Control id={id} row={row} text={text} disabled={fixed !== null} describedBy={`${id}-help`} faulty={fault !== null} offer={offer} label={label} onText={onText} />
        {children}
      </div>
      <div class="setting-help" id={`${id}-help`}>
        <span>{row.help}</span> <Notes standard={standard} row={row} />
        {fixed && <span class="fixed-reason">{fixed}</span>}
        <span class="fault" aria-live="polite">{fault && <><span class="shape" aria-hidden="true">◆</span>{fault}</>}</span>
      </div>
    </div>
  )
}
