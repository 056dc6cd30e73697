// Rules: when readings are an alarm, in a sentence each, with how many alarms stand behind it.
import type { AlarmRule } from '../../api/alarms'
import { useCell } from '../../base/cell'
import { alarms } from '../../model/alarms'
import { split } from '../../model/members'
import { mayAs, session } from '../../model/session'
import { site } from '../../model/site'
import { AlarmShape } from '../../parts/alarm-marks'
import { RecordLook } from '../../parts/record-form'
import { useRecords } from '../../parts/use-records'
import { useTable } from '../../parts/use-table'
import { t } from '../../text'
import { RecordPage, recordAddress } from '../control/record-page'
import { textOf } from '../settings/model'
import { fitting, ruleInWords, unitOf } from './model'
import { Preview } from './preview'
import { RuleForm } from './rule-form'

const PATH = '/alarms/rules'

function inWords(rule: AlarmRule): string {
  const here = site.get()
  const text = (key: string) => textOf(rule.values[key] ?? '')
  const paths = split(text('points')).flatMap((part) => fitting(part, here))
  return ruleInWords(text, text('points'), unitOf(paths, here))
}

/** What the preview is asked: also of a rule that is switched off. */
function asked({ values }: AlarmRule): AlarmRule['values'] {
  return { ...values, enabled: true }
}

/** The worst that this rule says now. */
function RuleState({ name }: { name: string }) {
  const active = useCell(alarms)?.active.filter((one) => one.rule === name && !one.silent) ?? []
  const [worst] = active
  if (!worst) return null
  return <a class={`alarm-word ${worst.state}`} href="/alarms"><AlarmShape state={worst.state} />{t.alarms.count(active.length)}</a>
}

function List({ rules, chosen }: { rules: AlarmRule[]; chosen: string | null }) {
  useCell(site)
  const words = t.alarms
  return (
    <ul class="record-list">
      {rules.map((rule) => {
        const recipients = textOf(rule.values.recipients ?? '')
        const off = textOf(rule.values.enabled ?? true) !== 'true'
        return (
          <li key={rule.name} class={rule.name === chosen ? 'record chosen' : 'record'} data-record={rule.name}>
            <h2><a href={recordAddress(PATH, rule.name)}>{textOf(rule.values.label ?? '') || rule.name}</a>
              <span class={`severity-word ${rule.values.severity}`}>{words.severity[textOf(rule.values.severity ?? '')]}</span>
              {off && <span class="quiet-word">{words.rule.off}</span>}
              {rule.fixed && <span class="origin">{t.settings.source.file}</span>}
              <RuleState name={rule.name} /></h2>
            <p>{inWords(rule)}</p>
            <p class="quiet-word">{words.rule.told(recipients || words.rule.recipientsAll.toLowerCase())}</p>
          </li>
        )
      })}
    </ul>
  )
}

export function Rules({ search }: { search: string }) {
  const table = useTable('alarms')
  const records = useRecords<AlarmRule>('alarm-rules')
  const mayEdit = mayAs(useCell(session), 'administrator')
  const mayAsk = mayAs(useCell(session), 'control')
  const words = t.alarms.rule
  return (
    <RecordPage path={PATH} search={search} title={words.title} add={t.records.add(words.one)} none={words.none} noneText={words.noneText} records={records}
      list={<List rules={records.list} chosen={new URLSearchParams(search).get('r')} />}
      form={(rule, close) => rule && (rule.fixed || !mayEdit)
        ? <RecordLook title={words.of(textOf(rule.values.label ?? '') || rule.name)} place={mayEdit ? rule.fixed : null} onClose={() => close()}><p>{inWords(rule)}</p>{mayAsk && <Preview values={asked(rule)} limit={textOf(rule.values.limit ?? '')} recover={textOf(rule.values.recover ?? '')} />}</RecordLook>
        : table && <RuleForm collection="alarm-rules" table={table} record={rule} valuesOf={(one) => one.values} records={records} onDone={close} onCancel={() => close()} />} />
  )
}
