// The records of a collection: lines, devices. Each can be changed, renamed and removed; new ones are added.
import { useState } from 'preact/hooks'
import type { SettingTable } from '../../api/types'
import { useCell } from '../../base/cell'
import { site } from '../../model/site'
import { Confirm } from '../../parts/confirm'
import { t } from '../../text'
import { AddMember, type Draft } from './add-member'
import { means, offerOf, useKnown, type Known } from './choices'
import { Field } from './field'
import { FirstValues } from './first-values'
import { entriesOf, fullKey, membersOf, nameFault, ownValues, placeOf, referencesTo, textOf, type Values } from './model'
import { OwnPage } from './own-page'
import { ScanPanel } from './scan'
import type { Bench } from './use-settings'

function labelOf(table: SettingTable, member: string, values: Values): string {
  return textOf(values.get(`${table.name}.${member}.label`)?.value ?? '')
}

/** Whether a record is as it was when somebody decided about it. */
function same(table: SettingTable, member: string, before: Values, now: Values): boolean {
  const words = (values: Values) => JSON.stringify(entriesOf(table, member, values).map(({ key, value, source }) => [key, value, source]))
  return words(before) === words(now)
}

interface MemberProps {
  table: SettingTable
  member: string
  bench: Bench
}

/** Every key that names the record moves along; all or nothing. */
function Rename({ table, member, bench, onDone }: MemberProps & { onDone: (to: string | null) => void }) {
  const { values, tables } = bench.desk
  const [name, setName] = useState(member)
  const [failure, setFailure] = useState<string | null>(null)
  const fault = name === member ? null : nameFault(name, membersOf(table, [...values.values()]))
  const references = referencesTo(table, member, tables, values)
  const fixed = references.filter((entry) => entry.source === 'file').map((entry) => entry.key)
  const save = async (event: Event) => {
    event.preventDefault()
    if (fault || name === member) return
    const own = ownValues(table, member, values)
    const moved = Object.fromEntries(references.map(({ key }) => [key, name]))
    const back = Object.fromEntries(references.map(({ key }) => [key, member]))
    const outcome = await bench.changeRecords({
      changes: { ...ownValues(table, member, values, name), ...moved, [`${table.name}.${member}`]: null },
      undo: { ...own, ...back, [`${table.name}.${name}`]: null },
      said: t.records.renamed(member, name),
      still: (now) => (membersOf(table, [...now.values()]).includes(name) ? t.records.takenMeanwhile(name)
        : same(table, member, values, now) && references.length === referencesTo(table, member, tables, now).length ? null : t.records.changedMeanwhile(member)),
    })
    setFailure(outcome?.failure ?? null)
    if (!outcome) onDone(name)
  }
  if (fixed.length) return <p class="inline-form">{t.records.renameFixed(fixed.join(', '))} <button type="button" onClick={() => onDone(null)}>{t.records.close}</button></p>
  const id = `rename-${table.name}-${member}`
  return (
    <form class="inline-form" onSubmit={(event) => void save(event)}>
      <div class="field"><label for={id}>{t.records.newName}</label>
        <input id={id} autoFocus autocomplete="off" autocapitalize="off" spellcheck={false} value={name} aria-describedby={`${id}-help`} aria-invalid={fault ? true : undefined}
          onInput={(event) => setName(event.currentTarget.value.trim())} />
        <span class="quiet-word" id={`${id}-help`}>{t.records.renameText[table.name]} {(fault ?? failure) && <span class="fault">{fault ?? failure}</span>}</span></div>
      <span class="form-actions">
        <button type="button" onClick={() => onDone(null)}>{t.records.cancel}</button>
        <button type="submit" class="primary" disabled={!!fault || name === member || bench.desk.working}>{t.records.renameYes}</button>
      </span>
    </form>
  )
}

function RecordActions({ table, member, bench, onRenamed }: MemberProps & { onRenamed: (to: string) => void }) {
  const [renaming, setRenaming] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const { values, tables } = bench.desk
  const place = placeOf(table, member, values)
  if (place !== null) return <p class="record-actions quiet-word">{t.records.inFile(place)}</p>
  const users = referencesTo(table, member, tables, values)
  const remove = async () => {
    const outcome = await bench.changeRecords({
      changes: { [`${table.name}.${member}`]: null },
      undo: ownValues(table, member, values),
      said: t.records.removed(member),
      still: (now) => (same(table, member, values, now) ? null : t.records.changedMeanwhile(member)),
    })
    setFailure(outcome?.failure ?? null)
  }
  const ask = t.records.removeAsk[table.name] ?? t.records.removeAskOther
  return (
    <div class="record-actions">
      {!renaming && <button type="button" class="quiet small" aria-label={t.records.renameOf(member)} onClick={() => setRenaming(true)}>{t.records.rename}</button>}
      {users.length > 0
        ? <span class="quiet-word">{t.records.inUse(users.map(({ key }) => key.split('.').slice(1, -1).join('.')).join(', '))}</span>
        : <Confirm label={t.records.remove} ariaLabel={t.records.removeOf(member)} question={ask(member)} yes={t.records.removeYes} onYes={() => void remove()} />}
      {failure && <span class="fault" role="alert">{failure}</span>}
      {renaming && <Rename table={table} member={member} bench={bench} onDone={(to) => { setRenaming(false); if (to) onRenamed(to) }} />}
    </div>
  )
}

/** The state beside the name: what an installer looks for first. */
function StateWord({ table, member }: { table: SettingTable; member: string }) {
  const here = useCell(site)
  if (table.name === 'devices') {
    const device = here?.devices.find((one) => one.name === member)
    return device ? <span class={`state-word ${device.state}`}>{t.deviceState[device.state] ?? device.state}</span> : null
  }
  const line = table.name === 'lines' ? here?.lines.find((one) => one.name === member) : undefined
  return line ? <span class={`state-word ${line.state}`}>{t.diagnostics.busState[line.state] ?? line.state}</span> : null
}

function Member({ table, member, bench, known, open, onRenamed }: MemberProps & { known: Known; open: boolean; onRenamed: (to: string) => void }) {
  const { values, tables, edits } = bench.desk
  const prefix = `${table.name}.${member}.`
  const kind = edits.get(`${prefix}kind`)?.text ?? textOf(values.get(`${prefix}kind`)?.value ?? '')
  const edited = [...edits.keys()].some((key) => key.startsWith(prefix))
  return (
    <details class="member" open={open || edited || undefined} data-member={member}>
      <summary><b>{member}</b> <span class="quiet-word">{labelOf(table, member, values)}</span><StateWord table={table} member={member} /></summary>
      {table.rows.map((row) => {
        const entry = values.get(fullKey(table, row, member))
        if (!entry || (!means(table, row, kind) && entry.source === 'default' && !edits.has(entry.key))) return null
        return <Field key={entry.key} entry={entry} row={row} name={row.key} bench={bench}
          offer={offerOf(table, row, member, kind, known, tables, [...values.values()])} />
      })}
      <RecordActions table={table} member={member} bench={bench} onRenamed={onRenamed} />
    </details>
  )
}

export function Collection({ table, bench }: { table: SettingTable; bench: Bench }) {
  const [draft, setDraft] = useState<Draft | null>(null)
  const [fresh, setFresh] = useState<string | null>(null)
  const known = useKnown(table.name)
  const members = membersOf(table, [...bench.desk.values.values()])
  const one = t.records.one[table.name] ?? table.name
  const added = (name: string) => { setDraft(null); setFresh(name) }
  return (
    <>
      <section class="panel settings-table" aria-labelledby="table">
        <div class="panel-head">
          <h2 id="table">{table.label}</h2>
          <span class="quiet-word">{table.help}<OwnPage table={table.name} /></span>
          <span class="spring" />
          {!draft && <button type="button" onClick={() => setDraft({ name: '', texts: {} })}>{t.records.add(one)}</button>}
        </div>
        {draft && <AddMember key={JSON.stringify(draft)} table={table} bench={bench} known={known} draft={draft} onDone={added} onCancel={() => setDraft(null)} />}
        {fresh && members.includes(fresh) && (table.name === 'devices' || table.name === 'lines') && (
          <FirstValues key={fresh} collection={table.name} name={fresh} onClose={() => setFresh(null)} />
        )}
        {!members.length && !draft && <p class="quiet-word">{t.settings.noMembers}</p>}
        {members.map((member) => <Member key={member} table={table} member={member} bench={bench} known={known} open={member === fresh} onRenamed={setFresh} />)}
      </section>
      {table.name === 'devices' && <ScanPanel bench={bench} onAdd={(next) => { setDraft(next); window.scrollTo(0, 0) }} />}
    </>
  )
}
