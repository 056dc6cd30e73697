// One line: its state, how busy it is, and each unit with its counters and the strip of the last two minutes.
import type { DoctorLine } from '../../api/doctor'
import type { Line, LineUnit } from '../../api/types'
import { number } from '../../format/number'
import { span } from '../../format/time'
import { StateMark } from '../../parts/marks'
import { STRIP_BEATS, stripKey, type Beat, type Strips } from '../../model/strip'
import { deviceAddress } from '../../route/route'
import { t } from '../../text'
import { LineTools } from './line-tools'
import { UnitLatencies } from './unit-latency'

const HEIGHT: Record<Beat, number> = { quiet: 2, answered: 12, mixed: 12, silent: 12 }

/** Who was asked when and who kept silent: full for an answer, split for a repair, hollow for silence. */
function Strip({ beats }: { beats: Beat[] }) {
  const answered = beats.filter((beat) => beat === 'answered').length
  const failed = beats.filter((beat) => beat === 'silent' || beat === 'mixed').length
  const start = STRIP_BEATS - beats.length
  return (
    <svg class="beats" viewBox={`0 0 ${STRIP_BEATS * 3} 14`} preserveAspectRatio="none" role="img"
      aria-label={t.diagnostics.stripText(answered, failed)}>
      {beats.map((beat, at) => (
        <rect key={at} class={beat} x={(start + at) * 3 + 0.25} y={13 - HEIGHT[beat]} width="2.2" height={HEIGHT[beat]} />
      ))}
    </svg>
  )
}

/** A share of the polls that is worth a look; single failures are everyday on a long bus. */
const NOTABLE = 0.01

/** What it hints at is told on hover and focus, but only once it is worth a look. */
function Count({ name, value, of, help }: { name: string; value: number; of?: number; help?: string }) {
  const notable = help !== undefined && of !== undefined && value > of * NOTABLE
  return (
    <td class={notable ? 'number some' : 'number'} data-label={name} data-why={value > 0 ? help : undefined}>
      {number(value, 0)}
    </td>
  )
}

function Milliseconds({ name, value }: { name: string; value: number | null | undefined }) {
  return <td class="number" data-label={name}>{value === null || value === undefined ? t.value.none : <>{number(value, value > 0 && value < 10 ? 1 : 0)}<span class="unit">ms</span></>}</td>
}

/** A row on a wide screen, a card on a phone: `data-label` is the heading there. */
function Unit({ line, unit, strips }: { line: Line; unit: LineUnit; strips: Strips }) {
  const { columns, help } = t.diagnostics
  return (
    <tr>
      <td class="number ordinal" data-label={columns.unit}>{unit.unit}</td>
      <th scope="row"><StateMark state={unit.state} /><a href={deviceAddress(unit.device)}>{unit.device}</a></th>
      <td data-label={columns.state}>{t.deviceState[unit.state] ?? unit.state}</td>
      <td class="strip-cell"><Strip beats={strips.get(stripKey(line, unit)) ?? []} /></td>
      <Count name={columns.polls} value={unit.polls} />
      <Count name={columns.answers} value={unit.answers} />
      <Count name={columns.timeouts} value={unit.timeouts} of={unit.polls} help={help.timeouts} />
      <Count name={columns.crc} value={unit.crc_errors} of={unit.polls} help={help.crc} />
      <Count name={columns.exceptions} value={unit.exceptions} of={unit.polls} help={help.exceptions} />
      <Count name={columns.mismatches} value={unit.mismatches} of={unit.polls} help={help.mismatches} />
      <Count name={columns.late} value={unit.late} of={unit.polls} help={help.late} />
      <Milliseconds name={columns.median} value={unit.latency_ms?.median} />
      <Milliseconds name={columns.p99} value={unit.latency_ms?.p99} />
      <Milliseconds name={columns.max} value={unit.latency_ms?.max} />
      <td class="number" data-label={columns.retry}>{unit.retry_in_ms === null ? '' : span(unit.retry_in_ms)}</td>
      <td class="last-error" data-label={columns.lastError}>{unit.last_error ?? ''}</td>
    </tr>
  )
}

function Units({ line, strips }: { line: Line; strips: Strips }) {
  const { columns, strip } = t.diagnostics
  const numbers = [columns.polls, columns.answers, columns.timeouts, columns.crc, columns.exceptions, columns.mismatches,
    columns.late, columns.median, columns.p99, columns.max, columns.retry]
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={line.name}>
      <table class="readings units">
        <thead>
          <tr>
            <th scope="col" class="number ordinal">{columns.unit}</th>
            <th scope="col">{columns.device}</th>
            <th scope="col">{columns.state}</th>
            <th scope="col" class="strip-cell">{strip}</th>
            {numbers.map((name) => <th scope="col" class="number" key={name}>{name}</th>)}
            <th scope="col">{columns.lastError}</th>
          </tr>
        </thead>
        <tbody>{line.units.map((unit) => <Unit key={`${unit.unit} ${unit.device}`} line={line} unit={unit} strips={strips} />)}</tbody>
      </table>
    </div>
  )
}

function Legend() {
  return (
    <p class="beat-legend" aria-hidden="true">
      {(['answered', 'mixed', 'silent', 'quiet'] as Beat[]).map((beat) => (
        <span key={beat}>
          <svg class="beats key" viewBox="0 0 4 14"><rect class={beat} x="0.600" y={13 - HEIGHT[beat]} width="2.800" height={HEIGHT[beat]} /></svg>
          {t.diagnostics.stripLegend[beat]}
        </span>
      ))}
    </p>
  )
}

/** What the line is in use for; the parts overlap where a gateway takes several questions at once. */
function Load({ of }: { of: DoctorLine['load_percent'] }) {
  const { load } = t.doctor
  const words = (['control', 'poll', 'gateway'] as const).map((kind) => `${load[kind]} ${number(of[kind], 0)}\u202f%`)
  return <span class="load" aria-label={`${load.label}: ${words.join(', ')}`} role="img"><span aria-hidden="true">{words.join(' · ')}</span></span>
}

/** Nothing goes over a wire on the other kinds. */
const WIRED = ['modbus-rtu', 'modbus-tcp', 'rtu-over-tcp']

interface LinePanelProps {
  line: Line
  strips: Strips
  /** Of the same line; missing until it was heard. */
  doctor?: DoctorLine
  administrator: boolean
  again: () => void
}

export function LinePanel({ line, strips, doctor, administrator, again }: LinePanelProps) {
  const { diagnostics } = t
  return (
    <div class="panel line-panel">
      <div class="line-head">
        <h2>{line.name}</h2>
        <span class={`state line-${line.state}`}><StateMark state={line.state === 'open' ? 'online' : line.state === 'failing' ? 'silent' : 'disabled'} />
          {diagnostics.busState[line.state] ?? line.state}</span>
        <span>{diagnostics.busKind[line.kind] ?? line.kind}</span>
        {line.endpoint !== diagnostics.busKind[line.kind] && <span class="endpoint">{line.endpoint}</span>}
        <span class="busy">
          <span class="bar" aria-hidden="true"><span class="fill" style={{ inlineSize: `${Math.min(100, line.busy_percent)}%` }} /></span>
          {number(line.busy_percent, 0)}{'\u202f'}% {diagnostics.busy}
        </span>
        {doctor && <Load of={doctor.load_percent} />}
        <span>{diagnostics.queue(line.queue)}</span>
        {line.reason && <span class="line-reason">{line.reason}</span>}
      </div>
      {line.units.length ? <><Units line={line} strips={strips} /><Legend />{doctor && <UnitLatencies line={doctor} />}</> : <p class="quiet-word">{diagnostics.noUnits}</p>}
      {doctor && administrator && WIRED.includes(line.kind) && <LineTools line={doctor} serial={line.kind === 'modbus-rtu'} again={again} />}
    </div>
  )
}
