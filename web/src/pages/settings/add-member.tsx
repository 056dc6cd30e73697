// The form for a new line or device: what is needed first, the rest folded away, faults beside the fields.
import { useState } from 'preact/hooks'
import type { SettingRow, SettingTable, SettingValue } from '../../api/types'
import { t } from '../../text'
import { isFirst, means, offerOf, type Known } from './choices'
import { Line } from './line'
import { checkText, fullKey, membersOf, nameFault, textOf } from './model'
import type { Bench, Outcome } from './use-settings'

/** What is filled in already: by a search, or nothing. */
export interface Draft {
  name: string
  texts: Record<string, string>
}

export interface AddProps {
  table: SettingTable
  bench: Bench
  known: Known
  draft: Draft
  onDone: (name: string) => void
  onCancel: () => void
}

function NameField({ table, name, fault, onName }: { table: SettingTable; name: string; fault: string | null; onName: (name: string) => void }) {
  return (
    <div class="setting">
      <div class="setting-name"><label for="new-name">{t.records.name}</label><span class="origin">{t.settings.required}</span></div>
      <div class="setting-control">
        <input id="new-name" autoFocus autocomplete="off" autocapitalize="off" spellcheck={false} value={name} aria-describedby="new-name-help" aria-invalid={fault ? true : undefined}
          onInput={(event) => onName(event.currentTarget.value.trim())} />
      </div>
      <div class="setting-help" id="new-name-help">
        {t.records.nameHelp[table.name] ?? t.records.nameHelpOther}
        <span class="fault" aria-live="polite">{fault && <><span class="shape" aria-hidden="true">◆</span>{fault}</>}</span>
      </div>
    </div>
  )
}

export function AddMember({ table, bench, known, draft, onDone, onCancel }: AddProps) {
  const { values, tables, working } = bench.desk
  const all = [...values.values()]
  const [name, setName] = useState(draft.name)
  const [texts, setTexts] = useState<Record<string, string>>(draft.texts)
  /** Empty fields are not blamed before somebody has tried. */
  const [tried, setTried] = useState(false)
  const [outcome, setOutcome] = useState<Outcome>(null)
  const textFor = (row: SettingRow) => texts[row.key] ?? textOf(row.default ?? '')
  const kind = texts.kind ?? ''
  const rows = table.rows.filter((row) => means(table, row, kind))
  const keyOf = (row: SettingRow) => fullKey(table, row, name || 'new')
  const faultOf = (row: SettingRow): string | null => {
    const text = textFor(row)
    if (!tried && !texts[row.key]) return null
    if (row.required && !text.trim()) return t.settings.check.required
    if (text === textOf(row.default ?? '')) return outcome?.refused.get(keyOf(row)) ?? null
    return checkText(row, text).fault ?? outcome?.refused.get(keyOf(row)) ?? null
  }
  const wrongName = name || tried ? nameFault(name, membersOf(table, all), table.name) : null
  const type = (row: SettingRow, text: string) => {
    setTexts({ ...texts, [row.key]: text })
    setOutcome(null)
  }
  const save = async (event: Event) => {
    event.preventDefault()
    setTried(true)
    if (nameFault(name, membersOf(table, all), table.name) || rows.some((row) => row.required && !textFor(row).trim()) || rows.some((row) => texts[row.key] && faultOf(row))) return
    const changes: Record<string, SettingValue> = {}
    for (const row of rows) {
      const text = textFor(row)
      if (row.required || text !== textOf(row.default ?? '')) changes[fullKey(table, row, name)] = checkText(row, text).value
    }
    const done = await bench.changeRecords({
      changes, undo: { [`${table.name}.${name}`]: null }, said: t.records.added(name),
      still: (now) => (membersOf(table, [...now.values()]).includes(name) ? t.records.takenMeanwhile(name) : null),
    })
    setOutcome(done)
    if (!done) onDone(name)
  }
  const line = (row: SettingRow) => (
    <Line key={row.key} name={row.key} row={row} keyText={fullKey(table, row, 'new')} text={textFor(row)} standard={row.default ?? null} fault={faultOf(row)}
      offer={offerOf(table, row, name, kind, known, tables, all)} onText={(text) => type(row, text)} />
  )
  const rest = rows.filter((row) => !isFirst(table, row))
  const one = t.records.one[table.name] ?? table.name
  return (
    <form class="add-record" aria-label={t.records.add(one)} noValidate onSubmit={(event) => void save(event)}>
      <NameField table={table} name={name} fault={wrongName} onName={(next) => { setName(next); setOutcome(null) }} />
      {rows.filter((row) => isFirst(table, row)).map(line)}
      {rest.length > 0 && (table.name !== 'lines' || kind) && (
        <details class="more" open={rest.some(faultOf) || undefined}><summary>{t.records.more}</summary>{rest.map(line)}</details>
      )}
      <div class="review-actions">
        <span class="fault" role="alert">{outcome && (outcome.refused.size ? t.records.check : outcome.failure)}</span>
        <span class="spring" />
        <button type="button" onClick={onCancel}>{t.records.cancel}</button>
        <button type="submit" class="primary" disabled={working}>{t.records.save(one)}</button>
      </div>
    </form>
  )
}
