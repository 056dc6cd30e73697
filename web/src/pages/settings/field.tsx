// One setting: its name, its sentence, a control that checks while typing, where it comes from.
import type { SettingEntry, SettingRow } from '../../api/types'
import { t } from '../../text'
import { controlOf, membersOf, rangeWords, shown, textOf } from './model'
import type { Bench } from './use-settings'

interface ControlProps {
  id: string
  row: SettingRow
  text: string
  disabled: boolean
  describedBy: string
  faulty: boolean
  /** Names that a reference may take, when they are known here. */
  names: string[]
  onText: (text: string) => void
}

function Control({ id, row, text, disabled, describedBy, faulty, names, onText }: ControlProps) {
  const shared = { id, disabled, 'aria-describedby': describedBy, 'aria-invalid': faulty || undefined }
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
      return (
        <>
          <input {...shared} type="text" autocomplete="off" spellcheck={false} value={text} list={names.length ? `${id}-names` : undefined}
            onInput={(event) => onText(event.currentTarget.value)} />
          {names.length > 0 && <datalist id={`${id}-names`}>{names.map((name) => <option key={name} value={name} />)}</datalist>}
        </>
      )
  }
}

/** `every_ms` says its unit beside the field already; the key itself stands below for those who write files. */
function inWords(name: string): string {
  const words = name.replace(/_(?:ms|s|days|minutes|mb)$/, '').replace(/[_-]/g, ' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

/** Range, default, and what it takes to have an effect. */
function Notes({ entry, row }: { entry: SettingEntry; row: SettingRow }) {
  const range = rangeWords(row)
  const notes = [range, row.secret ? null : t.settings.defaultIs(shown(entry.default ?? row.default, row)), row.apply === 'restart' ? t.settings.restart : null]
  return <span class="notes">{notes.filter(Boolean).join(' · ')}</span>
}

/** Names of the collection that a reference points into. */
function namesFor(row: SettingRow, bench: Bench): string[] {
  const table = bench.desk.tables.find((one) => one.name === row.refers_to)
  return table ? membersOf(table, [...bench.desk.values.values()]) : []
}

export function Field({ entry, row, name, bench }: { entry: SettingEntry; row: SettingRow; name: string; bench: Bench }) {
  const id = `setting-${entry.key}`
  const edit = bench.desk.edits.get(entry.key)
  const fixed = entry.source === 'file'
  const fault = bench.fault(entry.key)
  const text = edit ? edit.text : row.secret ? '' : textOf(entry.value)
  return (
    <div class={`setting${edit ? ' edited' : ''}${fixed ? ' fixed' : ''}`} data-key={entry.key}>
      <div class="setting-name">
        <label for={id}>{inWords(name)}</label>
        <span class={`origin ${entry.source}`}>{t.settings.source[entry.source]}</span>
        <code class="key">{entry.key}</code>
      </div>
      <div class="setting-control">
        <Control id={id} row={row} text={text} disabled={fixed} describedBy={`${id}-help`} faulty={fault !== null} names={namesFor(row, bench)}
          onText={(next) => bench.type(entry.key, next)} />
        {entry.source === 'page' && !edit && (
          <button type="button" class="quiet small" aria-label={t.settings.toDefaultOf(entry.key)}
            onClick={() => void bench.toDefault(entry.key)}>{t.settings.toDefault}</button>
        )}
      </div>
      <div class="setting-help" id={`${id}-help`}>
        <span>{row.help}</span> <Notes entry={entry} row={row} />
        {fixed && <span class="fixed-reason">{t.settings.fixed(entry.place)}</span>}
        <span class="fault" aria-live="polite">{fault && <><span class="shape" aria-hidden="true">◆</span>{fault}</>}</span>
      </div>
    </div>
  )
}
