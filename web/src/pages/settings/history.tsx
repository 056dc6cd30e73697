// What is recorded: the usual interval, rules for points that are recorded otherwise, what that comes to, record now, clear.
import { useEffect, useState } from 'preact/hooks'
import { ask, query, sentence } from '../../api/http'
import type { Logging, SettingTable } from '../../api/types'
import { useCell } from '../../base/cell'
import { unitNow } from '../../base/clock'
import { clock, date, parseTime, span } from '../../format/time'
import { site } from '../../model/site'
import { Confirm } from '../../parts/confirm'
import { RecordNow } from '../../parts/record-now'
import { t } from '../../text'
import { Field } from './field'
import { HistoryRules, type DraftRule } from './history-rules'
import { choiceOf, forecastWords, type Choice, type Forecast } from './history-model'
import { fullKey, membersOf } from './model'
import type { Bench } from './use-settings'

const PAUSE_MS = 250

/** Asked for again shortly after the last key; an older question is dropped. */
function useForecast(choice: Choice | null): { forecast: Forecast | null; failure: string | null } {
  const [answer, setAnswer] = useState<{ forecast: Forecast | null; failure: string | null }>({ forecast: null, failure: null })
  const body = choice && JSON.stringify(choice)
  useEffect(() => {
    if (!body) return
    const stop = new AbortController()
    const timer = window.setTimeout(() => {
      ask<Forecast>('/history/forecast', { method: 'POST', body: JSON.parse(body), signal: stop.signal }).then(
        (forecast) => setAnswer({ forecast, failure: null }),
        (cause) => stop.signal.aborted || setAnswer({ forecast: null, failure: sentence(cause) }),
      )
    }, PAUSE_MS)
    return () => { window.clearTimeout(timer); stop.abort() }
  }, [body])
  return answer
}

/** Again after `turn` has moved: something was recorded or cleared. */
function useOldest(turn: number): number | null {
  const [oldest, setOldest] = useState<number | null>(null)
  useEffect(() => {
    const stop = new AbortController()
    ask<Logging>('/logging', { signal: stop.signal }).then((logging) => setOldest(parseTime(logging.oldest)), () => {})
    return () => stop.abort()
  }, [turn])
  return oldest
}

function ForecastPanel({ forecast, failure, reach, edited }: { forecast: Forecast | null; failure: string | null; reach: string | null; edited: boolean }) {
  const words = t.historySettings
  const clockKnown = useCell(site)?.clock_known ?? true
  return (
    <section class="panel history-forecast" aria-labelledby="forecast">
      <div class="panel-head"><h2 id="forecast">{words.forecast}</h2>{edited && <span class="quiet-word">{words.forecastEdited}</span>}</div>
      {failure && <p class="fault" role="alert"><span class="shape" aria-hidden="true">◆</span>{words.failed} {failure}</p>}
      {!clockKnown && <p class="no-clock"><span class="shape" aria-hidden="true">▲</span> {words.noClock}</p>}
      {forecast && (
        <dl class="forecast" aria-live="polite">
          {forecastWords(forecast, reach).map(([name, text]) => <div key={name}><dt>{name}</dt><dd>{text}</dd></div>)}
        </dl>
      )}
    </section>
  )
}

function Clear({ since, onDone }: { since: string | null; onDone: () => void }) {
  const devices = useCell(site)?.devices ?? []
  const [device, setDevice] = useState('')
  const [said, setSaid] = useState<{ text: string; failed: boolean } | null>(null)
  const words = t.historySettings
  const what = device || words.clearAll
  const clear = async () => {
    try {
      await ask<void>(`/history${query({ path: device })}`, { method: 'DELETE' })
      setSaid({ text: words.cleared(what), failed: false })
    } catch (cause) {
      setSaid({ text: sentence(cause), failed: true })
    }
    onDone()
  }
  return (
    <div class="history-clear">
      <div class="field"><label for="clear-what">{words.clearWhat}</label>
        <select id="clear-what" value={device} onChange={(event) => { setDevice(event.currentTarget.value); setSaid(null) }}>
          <option value="">{words.clearAll}</option>
          {devices.map(({ name }) => <option key={name} value={name}>{name}</option>)}
        </select></div>
      <Confirm key={device} label={words.clear} ariaLabel={words.clearOf(what)} question={words.clearAsk(what, since)} yes={words.clearYes} onYes={() => void clear()} />
      <span role="status">{said && <span class={said.failed ? 'fault' : 'said'}>{said.text}</span>}</span>
    </div>
  )
}

export function HistorySection({ table, rules, bench }: { table: SettingTable; rules: SettingTable | undefined; bench: Bench }) {
  const { values, edits } = bench.desk
  const [draft, setDraft] = useState<DraftRule | null>(null)
  const [turn, setTurn] = useState(0)
  const zone = useCell(site)?.time_zone ?? 'UTC'
  const oldest = useOldest(turn)
  const names = rules ? membersOf(rules, [...values.values()]) : []
  const { forecast, failure } = useForecast(rules ? choiceOf(values, edits, names, draft) : null)
  const edited = draft !== null || [...edits.keys()].some((key) => key.startsWith('history.') || key.startsWith('history_rules.'))
  const since = oldest === null ? null : date(oldest, zone)
  const reach = oldest === null ? null : `${date(oldest, zone)} ${clock(oldest, zone)} (${span(unitNow() - oldest)})`
  const words = t.historySettings
  return (
    <>
      <section class="panel settings-table" aria-labelledby="table">
        <h2 id="table">{table.label}</h2>
        {table.rows.map((row) => {
          const entry = values.get(fullKey(table, row, null))
          return entry ? <Field key={entry.key} entry={entry} row={row} name={row.key} bench={bench} /> : null
        })}
      </section>
      {rules && <HistoryRules table={rules} names={names} bench={bench} forecast={forecast} draft={draft} onDraft={setDraft} />}
      <ForecastPanel forecast={forecast} failure={failure} reach={reach} edited={edited} />
      <section class="panel" aria-labelledby="history-now">
        <h2 id="history-now">{words.now}</h2>
        <RecordNow onDone={() => setTurn(turn + 1)} />
        <Clear since={since} onDone={() => setTurn(turn + 1)} />
      </section>
    </>
  )
}
