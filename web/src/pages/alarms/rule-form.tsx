// The form of a rule: what is watched, when it is an alarm, who is told; with how often it would have fired while it is typed.
import type { AlarmRule, Recipient } from '../../api/alarms'
import type { SettingTable, SettingValue } from '../../api/types'
import { useCell } from '../../base/cell'
import { join, nameFrom, split } from '../../model/members'
import { site } from '../../model/site'
import { describes, FormField, LabelField, NameField, RecordForm, TextField } from '../../parts/record-form'
import { RowLines } from '../../parts/row-line'
import { useDesk, useRecords, type DeskProps, type RecordDesk } from '../../parts/use-records'
import { t } from '../../text'
import { checkText, textOf } from '../settings/model'
import { fitting, RECOVERS, ruleInWords, unitOf, WANTS_LIMIT } from './model'
import { PointField } from './point-field'
import { Preview } from './preview'

/** Keys that the rule's own fields show; the others stand below. */
const REST = ['outputs', 'outputs_off', 'sounders', 'ignores_hours']

function Choice({ desk, row, label, words, table }: { desk: RecordDesk; row: string; label: string; words: Record<string, string>; table: SettingTable }) {
  const choices = table.rows.find((one) => one.key === row)?.choices ?? []
  const text = desk.text(row)
  return (
    <FormField id={`f-${row}`} label={label} fault={desk.fault(row)}>
      <select {...describes(`f-${row}`, desk.fault(row))} value={text} onChange={(event) => desk.type({ [row]: event.currentTarget.value })}>
        {!choices.includes(text) && <option value={text}>{text || t.settings.choose}</option>}
        {choices.map((one) => <option key={one} value={one}>{words[one] ?? one}</option>)}
      </select>
    </FormField>
  )
}

/** Alarms that most sites want: one rule each for all points of a kind, wherever they are. */
const USUAL: Record<string, Record<string, string>> = {
  overload: { points: '*/circuit-*/current', when: 'over', limit: '16', recover: '15', for: '10 s', severity: 'critical' },
  low: { points: '*/phase-*/voltage', when: 'under', limit: '207', recover: '210', for: '10 s' },
  high: { points: '*/phase-*/voltage', when: 'over', limit: '253', recover: '250', for: '10 s' },
  hot: { points: '*/sensor-*/temperature', when: 'over', limit: '40', recover: '38', for: '1 min' },
  lost: { points: '*', when: 'lost', limit: '', recover: '', for: '1 min', severity: 'critical' },
  off: { points: '*/outlet-*/state', when: 'equals', limit: 'off', recover: '', for: '0 s', severity: 'info' },
}

/** Fills a new rule; its name too, while nobody has typed one. */
function Usual({ desk }: { desk: RecordDesk }) {
  const words = t.alarms.rule
  const names = Object.values(words.usuals)
  const choose = (name: string) => {
    const values = USUAL[name]
    if (!values) return
    const free = desk.text('label') === '' || names.includes(desk.text('label'))
    desk.type({ severity: 'warning', ...values, ...(free ? { label: words.usuals[name]! } : {}) })
    if (free) desk.setName(nameFrom(words.usuals[name]!))
  }
  return (
    <FormField id="f-usual" label={words.usual} hint={words.usualHint}>
      <select {...describes('f-usual')} onChange={(event) => choose(event.currentTarget.value)}>
        {Object.entries(words.usuals).map(([name, label]) => <option key={name} value={name}>{label}</option>)}
      </select>
    </FormField>
  )
}

/** What another kind of condition has no use for would be refused. */
function chooseWhen(desk: RecordDesk, when: string): void {
  desk.type({ when, ...(WANTS_LIMIT.has(when) ? {} : { limit: '' }), ...(RECOVERS.has(when) ? {} : { recover: '' }), ...(when === 'changed' ? { for: '0 s' } : {}) })
}

function Condition({ desk, table, unit }: { desk: RecordDesk; table: SettingTable; unit: string }) {
  const words = t.alarms.rule
  const when = desk.text('when')
  const choices = table.rows.find((one) => one.key === 'when')?.choices ?? []
  return (
    <>
      <FormField id="f-when" label={words.when} fault={desk.fault('when')}>
        <select {...describes('f-when', desk.fault('when'))} value={when} onChange={(event) => chooseWhen(desk, event.currentTarget.value)}>
          {!choices.includes(when) && <option value={when}>{t.settings.choose}</option>}
          {choices.map((one) => <option key={one} value={one}>{words.whens[one] ?? one}</option>)}
        </select>
      </FormField>
      {WANTS_LIMIT.has(when) ? <TextField desk={desk} row="limit" label={unit && RECOVERS.has(when) ? `${words.limit} (${unit})` : words.limit} hint={words.limitHints[when]} /> : <span />}
      {when === 'rate-over' && <Choice desk={desk} table={table} row="per" label={words.per} words={words.pers} />}
      {RECOVERS.has(when) && <TextField desk={desk} row="recover" label={words.recover} hint={words.recoverHint} />}
      {when !== 'changed' && <TextField desk={desk} row="for" label={words.hold} hint={words.holdHint} />}
      <TextField desk={desk} row="recover_for" label={words.recoverFor} />
    </>
  )
}

function Told({ desk }: { desk: RecordDesk }) {
  const words = t.alarms.rule
  const { list, loading } = useRecords<Recipient>('recipients')
  const chosen = split(desk.text('recipients'))
  const gone = chosen.filter((name) => !list.some((one) => one.name === name))
  const set = (name: string, into: boolean) => desk.type({ recipients: join(into ? [...chosen, name] : chosen.filter((one) => one !== name)) })
  return (
    <fieldset class="choices wide">
      <legend>{words.recipients}</legend>
      {!loading && !list.length && <p class="quiet-word">{words.recipientsNone} <a href="/alarms/recipients?r=">{words.recipientsAdd}</a></p>}
      {list.length > 0 && <label><input type="checkbox" checked={!chosen.length} onChange={() => desk.type({ recipients: '' })} /> {words.recipientsAll}</label>}
      {[...list.map(({ name, values }) => ({ name, label: textOf(values.label ?? '') })), ...gone.map((name) => ({ name, label: '' }))].map(({ name, label }) => (
        <label key={name}><input type="checkbox" checked={chosen.includes(name)} onChange={(event) => set(name, event.currentTarget.checked)} /> {label || name} {label && <span class="quiet-word">{name}</span>}</label>
      ))}
      {desk.fault('recipients') && <span class="fault">{desk.fault('recipients')}</span>}
    </fieldset>
  )
}

function Tick({ desk, row, label }: { desk: RecordDesk; row: string; label: string }) {
  return <label class="tick"><input type="checkbox" checked={desk.text(row) === 'true'} onChange={(event) => desk.type({ [row]: String(event.currentTarget.checked) })} /> {label}</label>
}

/** As it would be saved; null while something needed is missing or faulty. */
function draftOf(desk: RecordDesk, table: SettingTable): Record<string, SettingValue> | null {
  const values: Record<string, SettingValue> = {}
  for (const row of table.rows) {
    const text = desk.text(row.key)
    if (row.required && !text) return null
    if (text === textOf(row.default ?? '') && !row.required) continue
    const { value, fault } = checkText(row, text)
    if (fault) return null
    values[row.key] = value
  }
  // A rule that is switched off is looked at as if it were followed.
  delete values.enabled
  return WANTS_LIMIT.has(desk.text('when')) && !desk.text('limit') ? null : values
}

export function RuleForm({ onCancel, ...props }: DeskProps<AlarmRule> & { onCancel: () => void }) {
  const desk = useDesk(props)
  const here = useCell(site)
  const words = t.alarms.rule
  const { table } = props
  const shown = desk.text('label') || desk.name
  const unit = unitOf(split(desk.text('points')).flatMap((part) => fitting(part, here)), here)
  const said = ruleInWords(desk.text, desk.text('points'), unit)
  return (
    <RecordForm desk={desk} title={desk.isNew ? t.records.add(words.one) : words.of(shown)} save={desk.isNew ? t.records.save(words.one) : t.control.own.save}
      removeAsk={words.removeAsk(shown)} onCancel={onCancel}>
      <div class="rule-grid">
        {desk.isNew && <div class="wide"><Usual desk={desk} /></div>}
        <LabelField desk={desk} label={words.label} />
        {desk.isNew ? <NameField desk={desk} /> : <span />}
        <PointField value={desk.text('points')} lost={desk.text('when') === 'lost'} fault={desk.fault('points')} onValue={(points) => desk.type({ points })} />
        <Condition desk={desk} table={table} unit={unit} />
        <Choice desk={desk} table={table} row="severity" label={words.severity} words={t.alarms.severity} />
        <TextField desk={desk} row="repeat" label={words.repeat} hint={words.repeatHint} />
        {said && <p class="in-words wide" role="status">{said}</p>}
        <Preview values={draftOf(desk, table)} limit={desk.text('limit')} recover={desk.text('recover')} />
        <Told desk={desk} />
        <div class="wide choices">
          <Tick desk={desk} row="latch" label={words.latch} />
          <Tick desk={desk} row="tell_clear" label={words.tellClear} />
          <Tick desk={desk} row="enabled" label={words.enabled} />
        </div>
        <details class="more wide" open={REST.some((row) => desk.fault(row)) || undefined}><summary>{words.more}</summary>
          <RowLines desk={desk} table={table} rows={REST.filter((key) => table.rows.some((row) => row.key === key))} />
        </details>
      </div>
    </RecordForm>
  )
}
