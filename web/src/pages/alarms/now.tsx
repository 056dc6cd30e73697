// How the alarms stand: what is not normal as it changes, or all of them in pages.
import { useEffect, useRef, useState } from 'preact/hooks'
import { type Alarm, doAlarm, loadAlarms } from '../../api/alarms'
import { sentence } from '../../api/http'
import { useCell } from '../../base/cell'
import { alarms, learnAlarm, lookAtAlarms, type Alarms } from '../../model/alarms'
import { mayAs, session } from '../../model/session'
import { site } from '../../model/site'
import { AlarmRows } from '../../parts/alarm-row'
import { Confirm } from '../../parts/confirm'
import { Empty } from '../../parts/empty'
import { address, go, signInAddress } from '../../route/route'
import { t } from '../../text'
import { fitsFilter, parseAlarms, printAlarms, type AlarmView } from './model'

const PAGE = 100
/** A storm of changes is one request. */
const GATHER_MS = 1000

function Choice({ id, label, value, choices, onChange }: { id: string; label: string; value: string; choices: [string, string][]; onChange: (value: string) => void }) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {choices.map(([name, words]) => <option key={name} value={name}>{words}</option>)}
      </select>
    </div>
  )
}

function Filters({ view }: { view: AlarmView }) {
  const words = t.alarms
  const devices = useCell(site)?.devices ?? []
  const set = (part: Partial<AlarmView>) => go(printAlarms({ ...view, ...part }), 'replace')
  return (
    <form class="alarm-filters" role="search" aria-label={words.filters} onSubmit={(event) => event.preventDefault()}>
      <Choice id="alarm-show" label={words.show} value={view.all ? 'all' : 'active'} choices={Object.entries(words.shown)} onChange={(value) => set({ all: value === 'all' })} />
      <Choice id="alarm-severity" label={words.atLeast} value={view.severity} choices={[['', words.anySeverity], ...Object.entries(words.atLeastIs).slice(1)]} onChange={(severity) => set({ severity })} />
      <Choice id="alarm-device" label={words.device} value={view.device}
        choices={[['', words.anyDevice], ...devices.map(({ name, label }): [string, string] => [name, label ? `${name}, ${label}` : name])]} onChange={(device) => set({ device })} />
    </form>
  )
}

/** One press for a night with forty alarms of one cause. */
function AcknowledgeAll({ list }: { list: Alarm[] }) {
  const words = t.alarms
  const [said, setSaid] = useState<string | null>(null)
  const open = list.filter((one) => one.state === 'tripped' && !one.latched && !one.silent)
  const all = async () => {
    let done = 0
    try {
      for (const one of open) {
        learnAlarm(await doAlarm(one.id, 'acknowledge', {}))
        done++
      }
      setSaid(words.allDone(done))
    } catch (cause) {
      setSaid(`${words.allDone(done)} ${sentence(cause)}`)
    }
  }
  return (
    <>
      <span class="said" role="status">{said}</span>
      {open.length > 1 && <Confirm label={words.all(open.length)} ariaLabel={words.all(open.length)} question={words.allAsk(open.length)} yes={words.allYes} onYes={() => void all()} />}
    </>
  )
}

function Active({ view, all }: { view: AlarmView; all: Alarms }) {
  const words = t.alarms
  const [pages, setPages] = useState(1)
  const list = all.active.filter((one) => fitsFilter(one, view))
  const loud = list.filter((one) => !one.silent)
  const silent = list.filter((one) => one.silent)
  const may = mayAs(useCell(session), 'control')
  const isAdministrator = mayAs(useCell(session), 'administrator')
  if (!all.total) return <Empty part title={words.noneYet} text={words.noneYetText}>{isAdministrator && <p><a class="button" href="/alarms/rules?r=">{t.records.add(words.rule.one)}</a></p>}</Empty>
  return (
    <>
      <div class="panel-head">
        {!may && loud.length > 0 && <p class="quiet-word">{words.needControl} <a href={signInAddress(address())}>{t.head.signIn}</a></p>}
        <span class="spring" />
        {may && <AcknowledgeAll list={loud} />}
      </div>
      {loud.length > 0 && (
        <section class="alarm-section">
          <AlarmRows alarms={loud.slice(0, PAGE * pages)} label={words.list} />
          {loud.length > PAGE * pages && <div class="event-older"><button type="button" onClick={() => setPages(pages + 1)}>{words.older}</button></div>}
        </section>
      )}
      {!list.length && (all.active.length ? <p class="quiet-word">{words.noMatch}</p>
        : <p class="fine panel"><span class="shape" aria-hidden="true">✓</span> <b>{words.none}</b> {words.noneText(all.total)}</p>)}
      {silent.length > 0 && <section class="alarm-section"><h2>{words.silentList}</h2><AlarmRows alarms={silent.slice(0, PAGE)} label={words.silentList} /></section>}
      {all.more && <p class="quiet-word">{words.more(all.active.length)}</p>}
    </>
  )
}

/** All of them, a page at a time; read again when something has changed. */
function Everything({ view }: { view: AlarmView }) {
  const words = t.alarms
  const [state, setState] = useState<{ list: Alarm[]; more: boolean; failure: string | null; loading: boolean }>({ list: [], more: false, failure: null, loading: true })
  const [pages, setPages] = useState(1)
  const key = JSON.stringify([view.severity, view.device, pages])
  const changed = useCell(alarms)
  const shown = useRef('')
  useEffect(() => {
    const stop = new AbortController()
    const look = () => loadAlarms({ severity: view.severity, device: view.device, limit: PAGE * pages }, stop.signal).then(
      ({ alarms: list, more }) => setState({ list, more, failure: null, loading: false }),
      (cause) => stop.signal.aborted || setState((before) => ({ ...before, failure: sentence(cause), loading: false })),
    )
    const timer = window.setTimeout(() => void look(), shown.current === key ? GATHER_MS : 0)
    shown.current = key
    return () => { stop.abort(); window.clearTimeout(timer) }
  }, [key, changed])
  if (state.failure && !state.list.length) return <p class="reason" role="alert">{words.failed} {state.failure}</p>
  if (state.loading) return <p class="loading" role="status">{t.app.loading}</p>
  if (!state.list.length) return <p class="quiet-word">{words.noMatch}</p>
  return (
    <section class="alarm-section">
      <AlarmRows alarms={state.list} label={words.list} />
      {state.more && <div class="event-older"><button type="button" onClick={() => setPages(pages + 1)}>{words.older}</button></div>}
    </section>
  )
}

export function Now({ search }: { search: string }) {
  const all = useCell(alarms)
  const view = parseAlarms(search)
  const [waited, setWaited] = useState(false)
  useEffect(() => {
    if (all) return
    lookAtAlarms()
    const timer = window.setTimeout(() => setWaited(true), 3000)
    return () => window.clearTimeout(timer)
  }, [!all])
  if (!all) return waited ? <Empty part title={t.alarms.unavailable} text={t.alarms.unavailableText} /> : <p class="loading" role="status">{t.app.loading}</p>
  return (
    <>
      <Filters view={view} />
      {view.all ? <Everything view={view} /> : <Active view={view} all={all} />}
    </>
  )
}
