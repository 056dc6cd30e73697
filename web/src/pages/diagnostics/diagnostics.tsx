// What each line and unit is doing, and how the daemon itself is.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, sentence } from '../../api/http'
import { useLost } from '../../api/live'
import type { Doctor, DoctorLine } from '../../api/doctor'
import type { Line, Logging } from '../../api/types'
import { useCell } from '../../base/cell'
import { unitNow } from '../../base/clock'
import { bytes, number } from '../../format/number'
import { date, dateClock, parseTime, span } from '../../format/time'
import { lampsOf, type LampStates } from '../../model/lamps'
import { health, mayAs, session } from '../../model/session'
import { site } from '../../model/site'
import { advance, type Strips } from '../../model/strip'
import { DiagnosticsTabs } from '../../parts/diagnostics-tabs'
import { WayOut } from '../../parts/empty'
import { RecordNow } from '../../parts/record-now'
import { t } from '../../text'
import { Facts } from '../device/details'
import { Findings } from './findings'
import { Lamps } from './lamps'
import { LinePanel } from './line-panel'
import { ReachPanel } from './reach'

const EVERY_MS = 2000

interface Look {
  lines: Line[] | null
  strips: Strips
  doctor: DoctorLine[]
  lamps: LampStates
  failure: string | null
  again: () => void
}

const DARK: LampStates = { power: 'off', receive: 'off', transmit: 'off', link: 'off' }

/** Each look is compared with the one before: the strip is made of the differences. */
function useLines(): Look {
  const [look, setLook] = useState<Omit<Look, 'again'>>({ lines: null, strips: new Map(), doctor: [], lamps: DARK, failure: null })
  const before = useRef<Line[] | null>(null)
  const again = useRef<() => void>(() => {})
  useEffect(() => {
    const stop = new AbortController()
    const lookNow = async () => {
      if (document.hidden) return
      try {
        const [lines, { lines: doctor }] = await Promise.all([
          ask<Line[]>('/lines', { signal: stop.signal }), ask<Doctor>('/doctor', { signal: stop.signal }),
        ])
        const last = before.current
        before.current = lines
        setLook(({ strips }) => ({ lines, strips: advance(strips, last, lines), doctor, lamps: lampsOf(last, lines), failure: null }))
      } catch (cause) {
        if (!stop.signal.aborted) setLook((old) => ({ ...old, lamps: DARK, failure: sentence(cause) }))
      }
    }
    again.current = () => void lookNow()
    again.current()
    const timer = window.setInterval(again.current, EVERY_MS)
    return () => { stop.abort(); window.clearInterval(timer) }
  }, [])
  return { ...look, again: () => again.current() }
}

function useLogging(): Logging | null {
  const [logging, setLogging] = useState<Logging | null>(null)
  useEffect(() => {
    const stop = new AbortController()
    // History may be off; then there is nothing to say about it.
    ask<Logging>('/logging', { signal: stop.signal }).then(setLogging, () => {})
    return () => stop.abort()
  }, [])
  return logging
}

function HealthPanel() {
  const now = useCell(health)
  const here = useCell(site)
  const lost = useLost()
  if (!now || !here) return null
  const { diagnostics } = t
  const well = now.status === 'ok' && !lost
  const zone = here.time_zone
  const started = parseTime(here.started)
  return (
    <section class="panel" aria-labelledby="health">
      <h2 id="health">{diagnostics.health}</h2>
      <p class={well ? 'health-word fine' : 'health-word some'}>
        <span class="shape" aria-hidden="true">{well ? '✓' : '◆'}</span>
        {lost ? diagnostics.unknown : well ? diagnostics.ok : diagnostics.degraded}
      </p>
      {now.problems.length > 0 && <ul class="plain-list">{now.problems.map((problem) => <li key={problem}>{problem}</li>)}</ul>}
      <Facts facts={[
        [diagnostics.version, now.version],
        [diagnostics.uptime, span(now.uptime_s * 1000)],
        [diagnostics.started, started === null ? null : dateClock(started, zone)],
        [diagnostics.location, here.location], [diagnostics.contactPerson, here.contact],
      ]} />
    </section>
  )
}

function RecordingPanel() {
  const who = useCell(session)
  const logging = useLogging()
  const zone = useCell(site)?.time_zone ?? 'UTC'
  if (!logging) return null
  const { diagnostics } = t
  const oldest = parseTime(logging.oldest)
  return (
    <section class="panel" aria-labelledby="recording">
      <h2 id="recording">{diagnostics.recording}</h2>
      <p>{diagnostics.recordingText(logging.points, span(logging.every_s * 1000))}</p>
      <Facts facts={[
        [diagnostics.size, bytes(logging.bytes)],
        [diagnostics.oldest, oldest === null ? null : `${date(oldest, zone)} (${span(unitNow() - oldest)})`],
        [diagnostics.lasts, logging.lasts_days === null ? null : diagnostics.days(number(logging.lasts_days, 0))],
      ]} />
      {mayAs(who, 'control') && <RecordNow />}
    </section>
  )
}

export function Diagnostics() {
  const { lines, strips, doctor, lamps, failure, again } = useLines()
  const administrator = mayAs(useCell(session), 'administrator')
  return (
    <div class="diagnostics">
      <div class="title-row"><h1>{t.diagnostics.title}</h1><DiagnosticsTabs section="" /></div>
      <Lamps states={lamps} />
      {lines && lines.length > 0 && <Findings lines={doctor} />}
      <div class="pictures"><HealthPanel /><RecordingPanel /></div>
      {failure && <p class="reason" role="alert">{t.diagnostics.failed} {failure}</p>}
      {lines?.length === 0 && <section class="panel"><p>{t.diagnostics.noLines}</p><WayOut to="/settings/lines" words={t.overview.toLines} /></section>}
      {lines?.map((line) => (
        <LinePanel key={line.name} line={line} strips={strips} doctor={doctor.find((one) => one.name === line.name)}
          administrator={administrator} again={again} />
      ))}
      {administrator && <ReachPanel />}
    </div>
  )
}
