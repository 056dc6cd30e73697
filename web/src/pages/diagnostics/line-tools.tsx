// What an administrator may do to a line: record its frames, try other speeds.
import { useEffect, useState } from 'preact/hooks'
import type { DoctorLine, Trial } from '../../api/doctor'
import { apiAddress, ask, sentence } from '../../api/http'
import { Confirm } from '../../parts/confirm'
import { t } from '../../text'

const SPANS = [10, 60, 600]

function traceAddress(line: string, query = ''): string {
  return `/lines/${encodeURIComponent(line)}/trace${query}`
}

function Recorder({ line, again }: { line: DoctorLine; again: () => void }) {
  const [span, setSpan] = useState(60)
  const [failure, setFailure] = useState<string | null>(null)
  const { trace } = t.doctor
  const wish = (how: { method: string; body?: unknown }) => {
    ask(traceAddress(line.name), how).then(() => { setFailure(null); again() }, (cause) => setFailure(sentence(cause)))
  }
  const units = [...new Set(line.units.map((unit) => unit.unit))]
  return (
    <div class="recorder" role="group" aria-label={`${trace.title}, ${line.name}`}>
      <span data-why={trace.help}>{trace.title}</span>
      {!line.recording && <>
        <select aria-label={`${trace.span}, ${line.name}`} value={span} onChange={(event) => setSpan(Number(event.currentTarget.value))}>
          {SPANS.map((one) => <option key={one} value={one}>{trace.spans[one]}</option>)}
        </select>
        <button type="button" class="small" onClick={() => wish({ method: 'POST', body: { seconds: span } })}>{trace.start}</button>
      </>}
      {(line.recording || line.recorded > 0) && <>
        <span role="status">{line.recording ? trace.recording(line.recorded) : trace.recorded(line.recorded)}</span>
        <a href={apiAddress(traceAddress(line.name, '?format=pcap'))} download>{trace.pcap}</a>
        <a href={apiAddress(traceAddress(line.name, '?format=text'))} download>{trace.text}</a>
        {units.slice(0, 8).map((unit) => (
          <a key={unit} href={apiAddress(traceAddress(line.name, `?format=capture&unit=${unit}`))} download>{trace.capture(unit)}</a>
        ))}
        <button type="button" class="quiet small" onClick={() => wish({ method: 'DELETE' })}>{trace.forget}</button>
      </>}
      {failure && <p class="reason" role="alert">{failure}</p>}
    </div>
  )
}

function Outcome({ trial, stop }: { trial: Trial; stop: () => void }) {
  const words = t.doctor.trial
  const parity = (name: string) => words.parity[name] ?? name
  return (
    <div class="trial" role="status">
      {trial.state === 'running' && trial.trying && (
        <p>{words.trying(trial.trying.baud, parity(trial.trying.parity), trial.tried, trial.settings)}{' '}
          <button type="button" class="quiet small" onClick={stop}>{words.stop}</button></p>
      )}
      {trial.answered.map((one) => <p key={one.unit}>{words.answered(one.unit, one.baud, parity(one.parity))}</p>)}
      {trial.state === 'done' && trial.answered.length === 0 && <p>{words.nothing}</p>}
      {trial.state === 'failed' && trial.problem && <p>{words.ended(trial.problem)}</p>}
      {trial.state === 'stopped' && <p>{words.stopped}</p>}
    </div>
  )
}

/** Looked at only while it runs: it is seldom wanted. */
function useTrial(line: string) {
  const [trial, setTrial] = useState<Trial | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const running = trial?.state === 'running'
  const look = (how: Parameters<typeof ask>[1] = {}) =>
    ask<Trial>('/doctor/trial', how).then((now) => { setTrial(now); setFailure(null) }, (cause) => setFailure(sentence(cause)))
  useEffect(() => {
    if (!running) return
    const timer = window.setInterval(() => void look(), 1000)
    return () => window.clearInterval(timer)
  }, [running])
  return {
    trial: trial?.line === line ? trial : null,
    failure,
    start: () => void look({ method: 'POST', body: { line } }),
    stop: () => void ask('/doctor/trial', { method: 'DELETE' }).then(() => look()),
  }
}

export function LineTools({ line, serial, again }: { line: DoctorLine; serial: boolean; again: () => void }) {
  const { trial, failure, start, stop } = useTrial(line.name)
  const words = t.doctor.trial
  return (
    <div class="line-tools">
      <Recorder line={line} again={again} />
      {serial && trial?.state !== 'running' && (
        <Confirm label={words.try} ariaLabel={words.tryOn(line.name)} question={words.question(line.name)} yes={words.yes} onYes={start} />
      )}
      {trial && <Outcome trial={trial} stop={stop} />}
      {failure && <p class="reason" role="alert">{failure}</p>}
    </div>
  )
}
