// Groups: outlets that are switched together, across devices, in an order.
import type { Group } from '../../api/switching'
import { useCell } from '../../base/cell'
import { mayAs, session } from '../../model/session'
import { OutletPicker, partLabel } from '../../parts/outlet-picker'
import { LabelField, NameField, RecordForm, RecordLook, TextField } from '../../parts/record-form'
import { useDesk, useRecords, type DeskProps } from '../../parts/use-records'
import { useTable } from '../../parts/use-table'
import { split } from '../../model/members'
import { t } from '../../text'
import { RecordPage, recordAddress } from './record-page'
import { useOutlets, type Outlets } from './use-outlets'

const PATH = '/control/groups'

function List({ groups, outlets, chosen }: { groups: Group[]; outlets: Outlets; chosen: string | null }) {
  const words = t.control.group_
  return (
    <ul class="record-list">
      {groups.map((group) => (
        <li key={group.name} class={group.name === chosen ? 'record chosen' : 'record'} data-record={group.name}>
          <h2><a href={recordAddress(PATH, group.name)}>{group.values.label || group.name}</a> {group.values.label && <span class="quiet-word">{group.name}</span>}
            {group.fixed && <span class="origin">{t.settings.source.file}</span>}</h2>
          <p>{split(group.values.members).map((part) => partLabel(part, outlets.outlets ?? [])).join(', ')}</p>
          <p class="quiet-word">{words.facts(group.outlets.length, group.values.step, String(group.values.right ?? ''), String(group.values.users ?? ''))}</p>
        </li>
      ))}
    </ul>
  )
}

/** Shown to those who may not change it, and of groups of the site file. */
function Look({ group, outlets, mayEdit, onClose }: { group: Group; outlets: Outlets; mayEdit: boolean; onClose: () => void }) {
  const words = t.control.group_
  return (
    <RecordLook title={words.of(group.values.label || group.name)} place={mayEdit ? group.fixed : null} onClose={onClose}>
      <ol class="pick-chosen">{group.outlets.map((path) => <li key={path}><span class="pick-part"><b>{partLabel(path, outlets.outlets ?? [])}</b> <span class="quiet-word">{path}</span></span></li>)}</ol>
      <p class="quiet-word">{words.facts(group.outlets.length, group.values.step, String(group.values.right ?? ''), String(group.values.users ?? ''))}</p>
      <p><a href={`/control?t=${encodeURIComponent(`group/${group.name}`).replace(/%2F/g, '/')}`}>{words.toSwitch}</a></p>
    </RecordLook>
  )
}

function Form({ outlets, onCancel, ...props }: DeskProps<Group> & { outlets: Outlets; onCancel: () => void }) {
  const desk = useDesk(props)
  const words = t.control.group_
  const shown = desk.text('label') || desk.name
  return (
    <RecordForm desk={desk} title={desk.isNew ? t.records.add(words.one) : words.of(shown)} save={desk.isNew ? t.records.save(words.one) : t.control.own.save}
      removeAsk={words.removeAsk(shown)} onCancel={onCancel}>
      <LabelField desk={desk} label={words.label} hint={words.labelHint} />
      <NameField desk={desk} hint={words.nameHint} />
      <OutletPicker legend={words.members} hint={words.membersHint} ordered value={desk.text('members')} outlets={outlets.outlets ?? []} fault={desk.fault('members')}
        onValue={(members) => desk.type({ members })} />
      <TextField desk={desk} row="step" label={words.step} hint={words.stepHint} placeholder="0 s" />
      <fieldset class="choices">
        <legend>{words.right}</legend>
        {['control', 'administrator'].map((right) => (
          <label key={right}><input type="radio" name="right" checked={desk.text('right') === right} onChange={() => desk.type({ right })} /> {words.rights[right]}</label>
        ))}
      </fieldset>
      <TextField desk={desk} row="users" label={words.users} hint={words.usersHint} />
    </RecordForm>
  )
}

export function Groups({ search }: { search: string }) {
  const outlets = useOutlets()
  const table = useTable('groups')
  const records = useRecords<Group>('groups')
  const mayEdit = mayAs(useCell(session), 'administrator')
  const words = t.control.group_
  return (
    <RecordPage path={PATH} search={search} title={t.control.groups} add={t.records.add(words.one)} none={words.none} noneText={words.noneText} records={records}
      list={<List groups={records.list} outlets={outlets} chosen={new URLSearchParams(search).get('r')} />}
      form={(group, close) => group && (group.fixed || !mayEdit)
        ? <Look group={group} outlets={outlets} mayEdit={mayEdit} onClose={() => close()} />
        : table && <Form collection="groups" table={table} record={group} valuesOf={(one) => one.values} records={records} outlets={outlets} onDone={close} onCancel={() => close()} />} />
  )
}
