// Reports: what is mailed at chosen times, or now.
import { useState } from 'preact/hooks'
import { sendReport } from '../../api/alarms'
import { sentence } from '../../api/http'
import type { Named } from '../../api/records'
import type { SettingValue } from '../../api/types'
import { useCell } from '../../base/cell'
import { mayAs, session } from '../../model/session'
import { Empty } from '../../parts/empty'
import { LabelField, NameField, RecordForm, RecordLook } from '../../parts/record-form'
import { RowLines } from '../../parts/row-line'
import { useDesk, useRecords, type DeskProps } from '../../parts/use-records'
import { useTable } from '../../parts/use-table'
import { t } from '../../text'
import { RecordPage, recordAddress } from '../control/record-page'
import { textOf } from '../settings/model'

const PATH = '/alarms/reports'

interface Report extends Named {
  values: Record<string, SettingValue>
}

/** What it is called: records of this table have a label where the unit has one. */
const title = (report: Report) => textOf(report.values.label ?? '') || report.name

/** What was set, in the order of the schema; what says nothing is left out. */
function facts(report: Report): string {
  return Object.entries(report.values).filter(([key, value]) => key !== 'label' && textOf(value) !== '' && value !== false)
    .map(([key, value]) => `${key.replaceAll('_', ' ')}${value === true ? '' : `: ${textOf(value)}`}`).join(' · ')
}

/** Beside its times; what became of it stands with the recipients. */
function Send({ report }: { report: Report }) {
  const words = t.alarms.report
  const [said, setSaid] = useState<{ words: string; refused: boolean } | null>(null)
  const [working, setWorking] = useState(false)
  const send = async () => {
    setWorking(true)
    setSaid(await sendReport(report.name).then(
      () => ({ words: words.sent(title(report)), refused: false }),
      (cause) => ({ words: sentence(cause), refused: true }),
    ))
    setWorking(false)
  }
  return (
    <>
      <p><button type="button" class="small" disabled={working} aria-label={words.sendOf(title(report))} onClick={() => void send()}>{words.send}</button></p>
      <p role="status" class={said?.refused ? 'fault' : 'said'} hidden={!said}>{said?.words} {said && !said.refused && <a href="/alarms/recipients">{words.toRecipients}</a>}</p>
    </>
  )
}

function List({ reports, chosen }: { reports: Report[]; chosen: string | null }) {
  return (
    <ul class="record-list">
      {reports.map((one) => (
        <li key={one.name} class={one.name === chosen ? 'record chosen' : 'record'} data-record={one.name}>
          <h2><a href={recordAddress(PATH, one.name)}>{title(one)}</a>{one.fixed && <span class="origin">{t.settings.source.file}</span>}</h2>
          <p class="quiet-word">{facts(one)}</p>
          <Send report={one} />
        </li>
      ))}
    </ul>
  )
}

function Form({ onCancel, ...props }: DeskProps<Report> & { onCancel: () => void }) {
  const desk = useDesk(props)
  const words = t.alarms.report
  const shown = desk.text('label') || desk.name
  const labelled = props.table.rows.some(({ key }) => key === 'label')
  return (
    <RecordForm desk={desk} title={desk.isNew ? t.records.add(words.one) : words.of(shown)} save={desk.isNew ? t.records.save(words.one) : t.control.own.save}
      removeAsk={words.removeAsk(shown)} onCancel={onCancel}>
      {labelled && <LabelField desk={desk} label={words.label} />}
      <NameField desk={desk} label={labelled ? undefined : words.label} />
      <div><RowLines desk={desk} table={props.table} rows={props.table.rows.map(({ key }) => key).filter((key) => key !== 'label')} /></div>
    </RecordForm>
  )
}

export function Reports({ search }: { search: string }) {
  const isAdministrator = mayAs(useCell(session), 'administrator')
  return isAdministrator ? <Body search={search} /> : <Empty part title={t.alarms.setup.needAdministrator} text={t.settings.needAdministratorText} />
}

function Body({ search }: { search: string }) {
  const table = useTable('reports')
  const records = useRecords<Report>('reports')
  const words = t.alarms.report
  return (
    <RecordPage path={PATH} search={search} title={words.title} add={t.records.add(words.one)} none={words.none} noneText={words.noneText} records={records}
      list={<List reports={records.list} chosen={new URLSearchParams(search).get('r')} />}
      form={(one, close) => one?.fixed
        ? <RecordLook title={words.of(title(one))} place={one.fixed} onClose={() => close()}><p>{facts(one)}</p></RecordLook>
        : table && <Form collection="reports" table={table} record={one} valuesOf={(record) => record.values} records={records} onDone={close} onCancel={() => close()} />} />
  )
}
