// Who is told, by which way, of what and when; a test that shows the whole conversation; and how the queue stands.
import { useEffect, useState } from 'preact/hooks'
import { loadNotices, type Notices, type Recipient, testRecipient, type TestResult } from '../../api/alarms'
import { ask, sentence } from '../../api/http'
import type { SettingTable } from '../../api/types'
import { useCell } from '../../base/cell'
import { unitNow } from '../../base/clock'
import { moment, parseTime, span } from '../../format/time'
import { mayAs, session } from '../../model/session'
import { site } from '../../model/site'
import { Empty } from '../../parts/empty'
import { LabelField, NameField, RecordForm, RecordLook } from '../../parts/record-form'
import { RowLines } from '../../parts/row-line'
import { useDesk, useRecords, type DeskProps } from '../../parts/use-records'
import { useTable } from '../../parts/use-table'
import { t } from '../../text'
import { RecordPage, recordAddress } from '../control/record-page'
import { textOf } from '../settings/model'
import { kindRows, WHAT_ROWS, WHEN_ROWS } from './recipient-rows'

const PATH = '/alarms/recipients'
const QUEUE_MS = 5000

function useNotices(): Map<string, Notices> {
  const [found, setFound] = useState<Map<string, Notices>>(new Map())
  useEffect(() => {
    let gone = false
    // Without it the recipients are still there to be changed.
    const look = () => loadNotices().then((list) => gone || setFound(new Map(list.map((one) => [one.recipient, one]))), () => {})
    void look()
    const timer = window.setInterval(() => document.hidden || void look(), QUEUE_MS)
    return () => { gone = true; window.clearInterval(timer) }
  }, [])
  return found
}

function Queue({ queue, zone }: { queue: Notices | undefined; zone: string }) {
  const words = t.alarms.recipient
  if (!queue) return null
  const last = parseTime(queue.last)
  const parts = [
    words.delivered_(queue.delivered), last === null ? '' : words.last(moment(last, unitNow(), zone)), queue.given_up ? words.givenUp(queue.given_up) : '',
    queue.waiting && queue.next_in_ms !== null ? (queue.next_in_ms > 0 ? words.next(span(queue.next_in_ms)) : words.nextNow) : '',
  ]
  return (
    <p class="record-foot quiet-word"><span class={queue.waiting ? 'waiting' : undefined}>{words.queue(queue.waiting)}</span> · {parts.filter(Boolean).join(' · ')}
      {queue.problem && <span class="fault"> {queue.problem}</span>}</p>
  )
}

/** The test and what came of it: every line that was said. */
function Test({ name, disabled }: { name: string; disabled: boolean }) {
  const words = t.alarms.recipient
  const [state, setState] = useState<{ result?: TestResult; failure?: string; working: boolean }>({ working: false })
  const run = async () => {
    setState({ working: true })
    try {
      setState({ result: await testRecipient(name), working: false })
    } catch (cause) {
      setState({ failure: sentence(cause), working: false })
    }
  }
  const { result, failure, working } = state
  return (
    <>
      <button type="button" class="small" disabled={working || disabled} aria-label={words.testOf(name)} onClick={() => void run()}>{words.test}</button>
      {(working || result || failure) && (
        <div class="dialogue" role="status">
          {working && <p>{words.testing(name)}</p>}
          {failure && <p class="fault"><span class="shape" aria-hidden="true">◆</span>{failure}</p>}
          {result && <p class={result.delivered ? 'well' : 'fault'}><span class="shape" aria-hidden="true">{result.delivered ? '✓ ' : '◆'}</span>{result.delivered ? words.delivered : words.notDelivered} {result.words}</p>}
          {result && result.dialogue.length > 0 && <pre tabIndex={0} role="region" aria-label={words.dialogue}>{result.dialogue.join('\n')}</pre>}
        </div>
      )}
    </>
  )
}

function address({ values }: Recipient): string {
  return textOf(values.address || values.host || values.url || '')
}

function List({ recipients, chosen }: { recipients: Recipient[]; chosen: string | null }) {
  const words = t.alarms.recipient
  const queues = useNotices()
  const zone = useCell(site)?.time_zone ?? 'UTC'
  return (
    <ul class="record-list">
      {recipients.map((one) => {
        const off = textOf(one.values.enabled ?? true) !== 'true'
        return (
          <li key={one.name} class={`record recipient-row${one.name === chosen ? ' chosen' : ''}`} data-record={one.name}>
            <h2><a href={recordAddress(PATH, one.name)}>{textOf(one.values.label ?? '') || one.name}</a> <span class="quiet-word">{words.kind[textOf(one.values.kind ?? '')]} {address(one)}</span>
              {off && <span class="quiet-word">{words.off}</span>}{one.fixed && <span class="origin">{t.settings.source.file}</span>}</h2>
            <Test name={one.name} disabled={off} />
            <Queue queue={queues.get(one.name)} zone={zone} />
          </li>
        )
      })}
    </ul>
  )
}

/** A mail address says nothing while there is no server to give it to. */
function NoServer() {
  const [missing, setMissing] = useState(false)
  useEffect(() => {
    ask<{ value: unknown }>('/settings/mail.server').then(({ value }) => setMissing(value === ''), () => {})
  }, [])
  if (!missing) return null
  return <p class="fixed-note">{t.alarms.recipient.mailFirst} <a href="/alarms/setup">{t.alarms.recipient.mailFirstLink}</a></p>
}

function Form({ onCancel, ...props }: DeskProps<Recipient> & { onCancel: () => void }) {
  const desk = useDesk(props)
  const words = t.alarms.recipient
  const { table } = props
  const kind = desk.text('kind')
  const shown = desk.text('label') || desk.name
  const has = (rows: string[]) => rows.filter((key) => table.rows.some((row) => row.key === key))
  return (
    <RecordForm desk={desk} title={desk.isNew ? t.records.add(words.one) : words.of(shown)} save={desk.isNew ? t.records.save(words.one) : t.control.own.save}
      removeAsk={words.removeAsk(shown)} onCancel={onCancel}>
      <LabelField desk={desk} label={words.label} />
      <NameField desk={desk} />
      <fieldset class="choices cards">
        <legend>{words.how}</legend>
        {(kindChoices(table)).map((one) => (
          <label key={one} class={kind === one ? 'chosen' : undefined}><input type="radio" name="kind" checked={kind === one} onChange={() => desk.type({ kind: one })} />
            <b>{words.kind[one] ?? one}</b> <span class="quiet-word">{words.kindText[one]}</span></label>
        ))}
      </fieldset>
      {kind === 'mail' && <NoServer />}
      <div><RowLines desk={desk} table={table} rows={has(kindRows(kind, desk.text))} labels={words.rows} /></div>
      <div><h3>{words.whenTitle}</h3><RowLines desk={desk} table={table} rows={has(WHEN_ROWS)} labels={words.rows} /></div>
      <div><h3>{words.whatTitle}</h3><RowLines desk={desk} table={table} rows={has(WHAT_ROWS)} labels={words.rows} /></div>
    </RecordForm>
  )
}

function kindChoices(table: SettingTable): string[] {
  return table.rows.find((row) => row.key === 'kind')?.choices ?? []
}

/** Asked for only on behalf of those who may read it. */
export function Recipients({ search }: { search: string }) {
  const isAdministrator = mayAs(useCell(session), 'administrator')
  return isAdministrator ? <Body search={search} /> : <Empty part title={t.alarms.setup.needAdministrator} text={t.settings.needAdministratorText} />
}

function Body({ search }: { search: string }) {
  const table = useTable('recipients')
  const records = useRecords<Recipient>('recipients')
  const words = t.alarms.recipient
  return (
    <RecordPage path={PATH} search={search} title={words.title} add={t.records.add(words.one)} none={words.none} noneText={words.noneText} records={records}
      list={<List recipients={records.list} chosen={new URLSearchParams(search).get('r')} />}
      form={(one, close) => one?.fixed
        ? <RecordLook title={words.of(textOf(one.values.label ?? '') || one.name)} place={one.fixed} onClose={() => close()}><p>{words.kind[textOf(one.values.kind ?? '')]} {address(one)}</p></RecordLook>
        : table && <Form collection="recipients" table={table} record={one} valuesOf={(record) => record.values} records={records} onDone={close} onCancel={() => close()} />} />
  )
}
