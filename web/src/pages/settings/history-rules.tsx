// The rules of recording as a small table: each with its points, how many they are, what is recorded and how often.
import { useState } from 'preact/hooks'
import type { SettingTable } from '../../api/types'
import { Confirm } from '../../parts/confirm'
import { t } from '../../text'
import { fitWords, RULE_KEYS, textAt, type Forecast, type RuleDraft } from './history-model'
import { entriesOf, nameFault, ownValues, placeOf } from './model'
import type { Bench } from './use-settings'

export interface DraftRule {
  name: string
  rule: RuleDraft
}

const NEW: DraftRule = { name: '', rule: { points: '', mode: 'value', every: '', on_alarm: 'false' } }

interface CellsProps {
  rule: string
  text: (key: keyof RuleDraft) => string
  fault: (key: keyof RuleDraft) => string | null
  fixed: (key: keyof RuleDraft) => boolean
  onText: (key: keyof RuleDraft, text: string) => void
  modes: string[]
  forecast: Forecast | null
}

/** The cells that a rule and one that is being added share. */
function Cells({ rule, text, fault, fixed, onText, modes, forecast }: CellsProps) {
  const words = t.historySettings
  const fit = fitWords(forecast, rule)
  const column: Record<keyof RuleDraft, string> = { points: words.column.points, mode: words.column.mode, every: words.column.every, on_alarm: words.column.onAlarm }
  const shared = (key: keyof RuleDraft) => ({
    'aria-label': words.of(column[key], rule), disabled: fixed(key), 'aria-invalid': fault(key) ? true : undefined, 'data-key': `history_rules.${rule}.${key}`,
  })
  // All below the widest cell, so each says which cell it is about.
  const faults = RULE_KEYS.flatMap((key) => (fault(key) === null ? [] : [`${column[key]}: ${fault(key)}`]))
  return (
    <>
      <td data-label={column.points}>
        <input {...shared('points')} type="text" class="pattern" autocomplete="off" autocapitalize="off" spellcheck={false} placeholder={words.pointsHint} value={text('points')}
          onInput={(event) => onText('points', event.currentTarget.value.trim())} />
        <span class={`fits${fit.hint ? ' hint' : ''}`} aria-live="polite">{fit.words}</span>
        {faults.map((one) => <span key={one} class="fault"><span class="shape" aria-hidden="true">◆</span>{one}</span>)}
      </td>
      <td data-label={column.mode}>
        <select {...shared('mode')} value={text('mode')} onChange={(event) => onText('mode', event.currentTarget.value)}>
          {modes.map((mode) => <option key={mode} value={mode}>{words.mode[mode] ?? mode}</option>)}
        </select>
      </td>
      <td data-label={column.every}>
        <input {...shared('every')} type="text" class="every" autocomplete="off" placeholder={words.usual} title={words.everyHint} value={text('every')}
          onInput={(event) => onText('every', event.currentTarget.value)} />
      </td>
      <td data-label={column.on_alarm}>
        <input {...shared('on_alarm')} type="checkbox" checked={text('on_alarm') === 'true'} onChange={(event) => onText('on_alarm', String(event.currentTarget.checked))} />
      </td>
    </>
  )
}

interface RowProps {
  table: SettingTable
  name: string
  bench: Bench
  modes: string[]
  forecast: Forecast | null
}

function Rule({ table, name, bench, modes, forecast }: RowProps) {
  const { values, edits } = bench.desk
  const [failure, setFailure] = useState<string | null>(null)
  const words = t.historySettings
  const keyOf = (key: keyof RuleDraft) => `history_rules.${name}.${key}`
  const mistake = (key: keyof RuleDraft) => forecast?.mistakes.find((one) => one.key === keyOf(key))?.error ?? null
  const before = JSON.stringify(entriesOf(table, name, values))
  const remove = async () => {
    const outcome = await bench.changeRecords({
      changes: { [`history_rules.${name}`]: null },
      undo: ownValues(table, name, values),
      said: words.removed(name),
      still: (now) => (JSON.stringify(entriesOf(table, name, now)) === before ? null : words.changedMeanwhile(name)),
    })
    setFailure(outcome?.failure ?? null)
  }
  return (
    <tr data-rule={name}>
      <th scope="row">{name}</th>
      <Cells rule={name} modes={modes} forecast={forecast} text={(key) => textAt(values, edits, keyOf(key))} fault={(key) => bench.fault(keyOf(key)) ?? mistake(key)}
        fixed={(key) => values.get(keyOf(key))?.source === 'file'} onText={(key, text) => bench.type(keyOf(key), text)} />
      <td class="rule-actions">
        {placeOf(table, name, values) !== null
          ? <span class="quiet-word">{words.inFile}</span>
          : <Confirm label={words.remove} ariaLabel={words.removeOf(name)} question={words.removeAsk(name)} yes={words.removeYes} onYes={() => void remove()} />}
        {failure && <span class="fault" role="alert">{failure}</span>}
      </td>
    </tr>
  )
}

interface DraftProps {
  names: string[]
  bench: Bench
  modes: string[]
  forecast: Forecast | null
  draft: DraftRule
  onDraft: (draft: DraftRule | null) => void
}

/** A rule that is not there yet: the forecast reckons with it already. */
function Draft({ names, bench, modes, forecast, draft, onDraft }: DraftProps) {
  const [failure, setFailure] = useState<string | null>(null)
  const words = t.historySettings
  const shown = draft.name || 'new'
  const fault = draft.name ? nameFault(draft.name, names) : null
  const mistake = (key: keyof RuleDraft) => forecast?.mistakes.find((one) => one.key === `history_rules.${shown}.${key}`)?.error ?? null
  const wrong = !draft.name || !draft.rule.points || !!fault || RULE_KEYS.some((key) => mistake(key))
  const add = async () => {
    const changes = Object.fromEntries(RULE_KEYS.map((key) => [`history_rules.${draft.name}.${key}`, key === 'on_alarm' ? draft.rule[key] === 'true' : draft.rule[key]]))
    const outcome = await bench.changeRecords({
      changes,
      undo: { [`history_rules.${draft.name}`]: null },
      said: words.added(draft.name),
      still: (now) => (now.has(`history_rules.${draft.name}.points`) ? words.takenMeanwhile(draft.name) : null),
    })
    setFailure(outcome ? [outcome.failure, ...outcome.refused.values()].join(' ') : null)
    if (!outcome) onDraft(null)
  }
  return (
    <tr class="draft" data-rule="new">
      <td data-label={words.name}>
        <input type="text" aria-label={words.name} autoFocus autocomplete="off" autocapitalize="off" spellcheck={false} value={draft.name} aria-invalid={fault ? true : undefined}
          onInput={(event) => onDraft({ ...draft, name: event.currentTarget.value.trim() })} />
        {(fault ?? failure) && <span class="fault" role="alert">{fault ?? failure}</span>}
      </td>
      <Cells rule={shown} modes={modes} forecast={forecast} text={(key) => draft.rule[key]} fault={mistake} fixed={() => false}
        onText={(key, text) => onDraft({ ...draft, rule: { ...draft.rule, [key]: text } })} />
      <td class="rule-actions">
        <button type="button" class="small" onClick={() => onDraft(null)}>{words.cancel}</button>{' '}
        <button type="button" class="small primary" disabled={wrong || bench.desk.working} onClick={() => void add()}>{words.addYes}</button>
      </td>
    </tr>
  )
}

interface RulesProps {
  table: SettingTable
  names: string[]
  bench: Bench
  forecast: Forecast | null
  draft: DraftRule | null
  onDraft: (draft: DraftRule | null) => void
}

export function HistoryRules({ table, names, bench, forecast, draft, onDraft }: RulesProps) {
  const words = t.historySettings
  const { column } = words
  const modes = table.rows.find((row) => row.key === 'mode')?.choices ?? ['value']
  return (
    <section class="panel history-rules" aria-labelledby="rules">
      <div class="panel-head"><h2 id="rules">{words.rules}</h2><span class="spring" />
        {!draft && <button type="button" onClick={() => onDraft(NEW)}>{words.add}</button>}</div>
      <p class="quiet-word">{words.rulesText}</p>
      {!names.length && !draft && <p class="quiet-word">{words.none}</p>}
      {(names.length > 0 || draft) && (
        <table class="rules">
          <thead><tr><th scope="col">{column.rule}</th><th scope="col">{column.points}</th><th scope="col">{column.mode}</th>
            <th scope="col">{column.every}</th><th scope="col">{column.onAlarm}</th><td><span class="hidden">{column.actions}</span></td></tr></thead>
          <tbody>
            {names.map((name) => <Rule key={name} table={table} name={name} bench={bench} modes={modes} forecast={forecast} />)}
            {draft && <Draft names={names} bench={bench} modes={modes} forecast={forecast} draft={draft} onDraft={onDraft} />}
          </tbody>
        </table>
      )}
    </section>
  )
}
