// Energy groups: meters that are added up, and those that are taken off.
import { useState } from 'preact/hooks'
import { type EnergyRow, loadEnergy } from '../../api/energy'
import type { Named } from '../../api/records'
import type { SettingValue } from '../../api/types'
import { useCell } from '../../base/cell'
import { join, split } from '../../model/members'
import { matching } from '../../model/options'
import { mayAs, session } from '../../model/session'
import { Fault, FormField, describes, LabelField, NameField, RecordForm, RecordLook } from '../../parts/record-form'
import { useDesk, useRecords, type DeskProps } from '../../parts/use-records'
import { useTable } from '../../parts/use-table'
import { RecordPage, recordAddress } from '../control/record-page'
import { printEnergy } from '../../route/energy-state'
import { t } from '../../text'
import { mediumName } from './amounts'
import { useAsked } from './use-energy'

const PATH = '/energy/groups'

interface EnergyGroup extends Named {
  values: { label: string; medium: string; members: string } & Record<string, SettingValue>
}

const bare = (part: string) => part.replace(/^-\s*/, '')
const nameOf = (id: string, meters: EnergyRow[]) => meters.find((one) => one.id === id)?.name || id

/** “Incomer, without Rack feed”. */
function membersWords(members: string, meters: EnergyRow[]): string {
  return split(members).map((part) => (part.startsWith('-') ? t.energy.groups.takenOff(nameOf(bare(part), meters)) : nameOf(part, meters))).join(', ')
}

export interface PickerProps {
  members: string
  medium: string
  meters: EnergyRow[]
  fault: string | null
  onMembers: (members: string) => void
}

/** Every meter of the medium with how it counts; what is chosen and not there any more stays to be taken out. */
function MemberPicker({ members, medium, meters, fault, onMembers }: PickerProps) {
  const words = t.energy.groups
  const [wanted, setWanted] = useState('')
  const parts = split(members)
  const fitting = meters.filter((one) => one.medium === medium)
  const strangers = parts.map(bare).filter((id) => !fitting.some((one) => one.id === id))
  const shown = matching([...fitting.map((one) => ({ value: one.id, label: one.name })), ...strangers.map((id) => ({ value: id, label: nameOf(id, meters) }))], wanted)
  const signOf = (id: string) => (parts.includes(id) ? '+' : parts.includes(`-${id}`) ? '-' : '')
  const put = (id: string, sign: string) => {
    const rest = parts.filter((part) => bare(part) !== id)
    onMembers(join(sign === '' ? rest : sign === '-' ? [...rest, `-${id}`] : [...rest, id]))
  }
  return (
    <fieldset class="picker-set">
      <legend>{words.members}</legend>
      <p class="quiet-word">{words.membersHint}</p>
      {fitting.length > 8 && <input type="search" aria-label={words.find} placeholder={words.find} value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />}
      {shown.length === 0 && <p class="quiet-word">{words.noMeters}</p>}
      <ul class="sign-list">
        {shown.map(({ value: id, label }) => (
          <li key={id} class={signOf(id) ? 'chosen' : undefined}>
            <span class="pick-part"><b>{label || id}</b>{label && label !== id && <span class="quiet-word"> {id}</span>}</span>
            <select aria-label={words.signOf(id)} value={signOf(id)} onChange={(event) => put(id, event.currentTarget.value)}>
              {['', '+', '-'].map((sign) => <option key={sign} value={sign}>{words.signs[sign]}</option>)}
            </select>
          </li>
        ))}
      </ul>
      <Fault text={fault} />
    </fieldset>
  )
}

function List({ groups, meters, chosen }: { groups: EnergyGroup[]; meters: EnergyRow[]; chosen: string | null }) {
  const words = t.energy.groups
  return (
    <ul class="record-list">
      {groups.map((group) => (
        <li key={group.name} class={group.name === chosen ? 'record chosen' : 'record'} data-record={group.name}>
          <h2><a href={recordAddress(PATH, group.name)}>{group.values.label || group.name}</a> {group.values.label && <span class="quiet-word">{group.name}</span>}
            {group.fixed && <span class="origin">{t.settings.source.file}</span>}</h2>
          <p>{membersWords(group.values.members, meters)}</p>
          <p class="quiet-word">{mediumName(group.values.medium)} · <a href={printEnergy({ period: 'month', by: 'group', at: '', group: '', medium: '', of: group.name })}>{words.toEnergy}</a></p>
        </li>
      ))}
    </ul>
  )
}

function Form({ meters, onCancel, ...props }: DeskProps<EnergyGroup> & { meters: EnergyRow[]; onCancel: () => void }) {
  const desk = useDesk(props)
  const words = t.energy.groups
  const shown = desk.text('label') || desk.name
  const media = props.table.rows.find((row) => row.key === 'medium')?.choices ?? Object.keys(t.energy.medium)
  return (
    <RecordForm desk={desk} title={desk.isNew ? t.records.add(words.one) : words.of(shown)} save={desk.isNew ? t.records.save(words.one) : t.control.own.save} removeAsk={words.removeAsk(shown)} onCancel={onCancel}>
      <LabelField desk={desk} label={words.label} hint={words.labelHint} />
      <NameField desk={desk} hint={words.nameHint} />
      <FormField id="f-medium" label={t.energy.mediumField} hint={words.mediumHint} fault={desk.fault('medium')}>
        <select {...describes('f-medium', desk.fault('medium'))} value={desk.text('medium')} onChange={(event) => desk.type({ medium: event.currentTarget.value })}>
          {media.map((one) => <option key={one} value={one}>{mediumName(one)}</option>)}
        </select>
      </FormField>
      <MemberPicker members={desk.text('members')} medium={desk.text('medium')} meters={meters} fault={desk.fault('members')} onMembers={(members) => desk.type({ members })} />
    </RecordForm>
  )
}

export function EnergyGroups({ search }: { search: string }) {
  const table = useTable('energy')
  const records = useRecords<EnergyGroup>('energy-groups')
  const mayEdit = mayAs(useCell(session), 'administrator')
  const meters = useAsked('meters', (signal) => loadEnergy({ period: 'day', by: 'meter', at: '', group: '', medium: '' }, signal), false).found?.rows ?? []
  const words = t.energy.groups
  return (
    <RecordPage path={PATH} search={search} title={t.energy.tabs.groups!} add={t.records.add(words.one)} none={t.energy.noGroups} noneText={t.energy.noGroupsText} records={records}
      list={<List groups={records.list} meters={meters} chosen={new URLSearchParams(search).get('r')} />}
      form={(group, close) => group && (group.fixed || !mayEdit)
        ? <RecordLook title={words.of(group.values.label || group.name)} place={mayEdit ? group.fixed : null} onClose={() => close()}><p>{membersWords(group.values.members, meters)}</p></RecordLook>
        : table && <Form collection="energy-groups" table={table} record={group} valuesOf={(one) => one.values} records={records} meters={meters} onDone={close} onCancel={() => close()} />} />
  )
}
