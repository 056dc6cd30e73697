// Tariffs: what a unit of a medium costs, at which hours, and the CO₂ that comes with it.
import type { Named } from '../../api/records'
import type { SettingTable, SettingValue } from '../../api/types'
import { useCell } from '../../base/cell'
import { number } from '../../format/number'
import { currencySign } from '../../format/period'
import { mayAs, session } from '../../model/session'
import { FormField, describes, LabelField, NameField, RecordForm, RecordLook, TextField } from '../../parts/record-form'
import { useDesk, useRecords, type DeskProps, type RecordDesk } from '../../parts/use-records'
import { useTable } from '../../parts/use-table'
import { RecordPage, recordAddress } from '../control/record-page'
import { t } from '../../text'
import { mediumName } from './amounts'

const PATH = '/energy/tariffs'

interface Tariff extends Named {
  values: Record<string, SettingValue>
}

const text = (tariff: Tariff, key: string) => String(tariff.values[key] ?? '')
const unitOf = (medium: string) => t.energy.tariffs.unitOf[medium] ?? ''

/** As many decimals as the price has, two at least. */
function priceWords(value: SettingValue | undefined, currency: string): string {
  const price = Number(value ?? 0)
  const decimals = Math.max(2, (String(price).split('.')[1] ?? '').length)
  return `${number(price, Math.min(decimals, 6))}\u202f${currencySign(currency)}`
}

function facts(tariff: Tariff): string {
  const words = t.energy.tariffs
  const currency = text(tariff, 'currency')
  const unit = unitOf(text(tariff, 'medium'))
  const standing = Number(tariff.values.standing ?? 0)
  const co2 = Number(tariff.values.co2 ?? 0)
  return words.facts([
    words.priceOf(priceWords(tariff.values.price, currency), unit), !!text(tariff, 'windows') && words.hours,
    standing > 0 && words.standingOf(priceWords(standing, currency), words.per[text(tariff, 'standing_per')] ?? text(tariff, 'standing_per')),
    co2 > 0 && words.co2Of(String(co2), unit), !!text(tariff, 'from') && words.since(text(tariff, 'from')),
  ])
}

function List({ tariffs, chosen }: { tariffs: Tariff[]; chosen: string | null }) {
  const words = t.energy.tariffs
  return (
    <ul class="record-list">
      {tariffs.map((tariff) => (
        <li key={tariff.name} class={tariff.name === chosen ? 'record chosen' : 'record'} data-record={tariff.name}>
          <h2><a href={recordAddress(PATH, tariff.name)}>{text(tariff, 'label') || tariff.name}</a> {text(tariff, 'label') && <span class="quiet-word">{tariff.name}</span>}
            {tariff.fixed && <span class="origin">{t.settings.source.file}</span>}</h2>
          <p>{text(tariff, 'meters') || words.allMeters(mediumName(text(tariff, 'medium')))}</p>
          <p class="quiet-word">{facts(tariff)}</p>
        </li>
      ))}
    </ul>
  )
}

function ChoiceField({ desk, table, row, label, hint, words }: { desk: RecordDesk; table: SettingTable; row: string; label: string; hint?: string; words: (choice: string) => string }) {
  const choices = table.rows.find((one) => one.key === row)?.choices
  if (!choices) return null
  const fault = desk.fault(row)
  return (
    <FormField id={`f-${row}`} label={label} hint={hint} fault={fault}>
      <select {...describes(`f-${row}`, fault)} value={desk.text(row)} onChange={(event) => desk.type({ [row]: event.currentTarget.value })}>
        {choices.map((choice) => <option key={choice} value={choice}>{words(choice)}</option>)}
      </select>
    </FormField>
  )
}

function Form({ onCancel, ...props }: DeskProps<Tariff> & { onCancel: () => void }) {
  const desk = useDesk(props)
  const words = t.energy.tariffs
  const shown = desk.text('label') || desk.name
  const unit = unitOf(desk.text('medium'))
  return (
    <RecordForm desk={desk} title={desk.isNew ? t.records.add(words.one) : words.of(shown)} save={desk.isNew ? t.records.save(words.one) : t.control.own.save} removeAsk={words.removeAsk(shown)} onCancel={onCancel}>
      <LabelField desk={desk} label={words.label} hint={words.labelHint} />
      <NameField desk={desk} hint={words.nameHint} />
      <ChoiceField desk={desk} table={props.table} row="medium" label={t.energy.mediumField} words={mediumName} />
      <div class="two-fields">
        <TextField desk={desk} row="price" label={words.price} hint={words.priceHint(unit)} placeholder="0.30" />
        <TextField desk={desk} row="currency" label={words.currency} hint={words.currencyHint} placeholder="EUR" />
      </div>
      <TextField desk={desk} row="windows" label={words.windows} hint={words.windowsHint} />
      <div class="two-fields">
        <TextField desk={desk} row="standing" label={words.standing} placeholder="0" />
        <ChoiceField desk={desk} table={props.table} row="standing_per" label={words.standingPer} words={(per) => words.per[per] ?? per} />
      </div>
      <TextField desk={desk} row="co2" label={words.co2} hint={words.co2Hint(unit)} placeholder="0" />
      <TextField desk={desk} row="from" label={words.from} hint={words.fromHint} placeholder="2026-01-01" />
      <TextField desk={desk} row="meters" label={words.meters} hint={words.metersHint} />
    </RecordForm>
  )
}

export function Tariffs({ search }: { search: string }) {
  const table = useTable('tariffs')
  const records = useRecords<Tariff>('tariffs')
  const mayEdit = mayAs(useCell(session), 'administrator')
  const words = t.energy.tariffs
  return (
    <RecordPage path={PATH} search={search} title={t.energy.tabs.tariffs!} add={t.records.add(words.one)} none={words.none} noneText={words.noneText} records={records}
      list={<List tariffs={records.list} chosen={new URLSearchParams(search).get('r')} />}
      form={(tariff, close) => tariff && (tariff.fixed || !mayEdit)
        ? <RecordLook title={words.of(text(tariff, 'label') || tariff.name)} place={mayEdit ? tariff.fixed : null} onClose={() => close()}><p>{facts(tariff)}</p>{text(tariff, 'windows') && <p>{text(tariff, 'windows')}</p>}</RecordLook>
        : table && <Form collection="tariffs" table={table} record={tariff} valuesOf={(one) => one.values} records={records} onDone={close} onCancel={() => close()} />} />
  )
}
