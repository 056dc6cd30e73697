// Interlocks in words: what must never be, whoever asks.
import type { Interlock, InterlockKind } from '../../api/switching'
import { useCell } from '../../base/cell'
import { split } from '../../model/members'
import { mayAs, session } from '../../model/session'
import { OutletPicker, partLabel } from '../../parts/outlet-picker'
import { describes, FormField, NameField, RecordForm, RecordLook } from '../../parts/record-form'
import { useDesk, useRecords, type DeskProps } from '../../parts/use-records'
import { useTable } from '../../parts/use-table'
import { t } from '../../text'
import { RecordPage, recordAddress } from './record-page'
import { useOutlets, type Outlets } from './use-outlets'

const PATH = '/control/interlocks'
const KINDS: InterlockKind[] = ['never-both', 'one-of', 'parent-first']

/** One sentence that names everybody; while nobody is named, only what the kind means. */
function inWords(kind: string, members: string, parent: string, outlets: Outlets): string {
  const words = t.control.interlock
  const names = split(members).map((part) => partLabel(part, outlets.outlets ?? []))
  if (!names.length || (kind === 'parent-first' && !parent)) return words.means[kind] ?? ''
  return (words.sentence[kind] ?? (() => ''))(t.control.names(names), partLabel(parent, outlets.outlets ?? []))
}

function List({ interlocks, outlets, chosen }: { interlocks: Interlock[]; outlets: Outlets; chosen: string | null }) {
  return (
    <ul class="record-list">
      {interlocks.map(({ name, fixed, values: { kind, members, parent } }) => (
        <li key={name} class={name === chosen ? 'record chosen' : 'record'} data-record={name}>
          <h2><a href={recordAddress(PATH, name)}>{name}</a> <span class="quiet-word">{t.control.interlock.kind[kind]}</span>
            {fixed && <span class="origin">{t.settings.source.file}</span>}</h2>
          <p>{inWords(kind, members, parent, outlets)}</p>
        </li>
      ))}
    </ul>
  )
}

function Look({ interlock, outlets, mayEdit, onClose }: { interlock: Interlock; outlets: Outlets; mayEdit: boolean; onClose: () => void }) {
  const { kind, members, parent } = interlock.values
  return (
    <RecordLook title={t.control.interlock.of(interlock.name)} place={mayEdit ? interlock.fixed : null} onClose={onClose}>
      <p>{inWords(kind, members, parent, outlets)}</p>
      <ul class="pick-chosen">{interlock.outlets.map((path) => <li key={path}><span class="pick-part"><b>{partLabel(path, outlets.outlets ?? [])}</b> <span class="quiet-word">{path}</span></span></li>)}</ul>
    </RecordLook>
  )
}

function Form({ outlets, onCancel, ...props }: DeskProps<Interlock> & { outlets: Outlets; onCancel: () => void }) {
  const desk = useDesk(props)
  const words = t.control.interlock
  const kind = desk.text('kind')
  const faults = { kind: desk.fault('kind'), parent: desk.fault('parent') }
  // A parent that the kind has no use for would be refused.
  const choose = (next: string) => desk.type(next === 'parent-first' ? { kind: next } : { kind: next, parent: '' })
  return (
    <RecordForm desk={desk} title={desk.isNew ? t.records.add(words.one) : words.of(desk.name)} save={desk.isNew ? t.records.save(words.one) : t.control.own.save}
      removeAsk={words.removeAsk(desk.name)} onCancel={onCancel}>
      <NameField desk={desk} label={t.records.name} hint={words.nameHint} />
      <fieldset class="choices cards">
        <legend>{words.what}</legend>
        {KINDS.map((one) => (
          <label key={one} class={kind === one ? 'chosen' : undefined}><input type="radio" name="kind" checked={kind === one} onChange={() => choose(one)} />
            <b>{words.kind[one]}</b> <span class="quiet-word">{words.means[one]}</span></label>
        ))}
        {faults.kind && <span class="fault">{faults.kind}</span>}
      </fieldset>
      {kind === 'parent-first' && (
        <FormField id="f-parent" label={words.parent} hint={words.parentHint} fault={faults.parent}>
          <select {...describes('f-parent', faults.parent)} value={desk.text('parent')} onChange={(event) => desk.type({ parent: event.currentTarget.value })}>
            <option value="">{t.settings.choose}</option>
            {outlets.outlets?.map(({ path, label }) => <option key={path} value={path}>{label ? `${label} (${path})` : path}</option>)}
          </select>
        </FormField>
      )}
      <OutletPicker legend={kind === 'parent-first' ? words.children : words.members} value={desk.text('members')} outlets={outlets.outlets ?? []} fault={desk.fault('members')}
        onValue={(members) => desk.type({ members })} />
      {kind && <p class="in-words" role="status">{inWords(kind, desk.text('members'), desk.text('parent'), outlets)}</p>}
    </RecordForm>
  )
}

export function Interlocks({ search }: { search: string }) {
  const outlets = useOutlets()
  const table = useTable('interlocks')
  const records = useRecords<Interlock>('interlocks')
  const mayEdit = mayAs(useCell(session), 'administrator')
  const words = t.control.interlock
  return (
    <RecordPage path={PATH} search={search} title={words.title} add={t.records.add(words.one)} none={words.none} noneText={words.noneText} records={records}
      list={<List interlocks={records.list} outlets={outlets} chosen={new URLSearchParams(search).get('r')} />}
      form={(interlock, close) => interlock && (interlock.fixed || !mayEdit)
        ? <Look interlock={interlock} outlets={outlets} mayEdit={mayEdit} onClose={() => close()} />
        : table && <Form collection="interlocks" table={table} record={interlock} valuesOf={(one) => one.values} records={records} outlets={outlets} onDone={close} onCancel={() => close()} />} />
  )
}
