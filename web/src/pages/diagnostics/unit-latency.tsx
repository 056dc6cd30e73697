// How fast each unit answers, what went wrong lately, and what it refused.
import type { DoctorLine, DoctorUnit } from '../../api/doctor'
import { number } from '../../format/number'
import { t } from '../../text'

const HEIGHT = 34
const WIDTH = 14

/** "4 ms", "65 µs": the end of a bucket. */
function upTo(ms: number): string {
  return ms < 1 ? `${number(ms * 1000, 0)}\u202f\u00b5s` : ms < 1000 ? `${number(ms, ms < 10 ? 1 : 0)}\u202fms` : `${number(ms / 1000, 1)}\u202fs`
}

function Histogram({ unit }: { unit: DoctorUnit }) {
  const { latency } = unit
  const most = Math.max(...latency.map((bucket) => bucket.count))
  const count = latency.reduce((sum, bucket) => sum + bucket.count, 0)
  const peak = latency.find((bucket) => bucket.count === most)
  const [first, last] = [latency[0], latency[latency.length - 1]]
  if (!count || !peak || !first || !last) return <p class="quiet-word">{t.doctor.noAnswers}</p>
  return (
    <figure class="histogram">
      <svg viewBox={`0 0 ${latency.length * WIDTH} ${HEIGHT}`} width={latency.length * WIDTH} height={HEIGHT} role="img"
        aria-label={t.doctor.latencyText(unit.unit, count, upTo(peak.to_ms))}>
        {latency.map((bucket, at) => {
          const height = bucket.count ? Math.max(1.5, (bucket.count / most) * HEIGHT) : 0
          return <rect key={bucket.to_ms} x={at * WIDTH + 1} y={HEIGHT - height} width={WIDTH - 2} height={height} />
        })}
      </svg>
      <figcaption aria-hidden="true"><span>{upTo(first.to_ms)}</span><span>{upTo(last.to_ms)}</span></figcaption>
    </figure>
  )
}

/** Only the kinds that happened. */
function Errors({ unit }: { unit: DoctorUnit }) {
  const words = Object.entries(t.doctor.counts).flatMap(([key, word]) => {
    const count = unit.recent[key]
    return count ? [`${number(count, 0)} ${word}`] : []
  })
  return (
    <div>
      <p><span class="quiet-word">{t.doctor.lately}: </span>{words.length ? words.join(', ') : t.doctor.noErrors}</p>
      {unit.exceptions.length > 0 && <p>{unit.exceptions.map((one) => t.doctor.refusal(one.code, one.name, one.count)).join(', ')}</p>}
    </div>
  )
}

export function UnitLatencies({ line }: { line: DoctorLine }) {
  if (!line.units.length) return null
  return (
    <details class="unit-latencies">
      <summary>{t.doctor.latency}</summary>
      <ul>
        {line.units.map((unit) => (
          <li key={`${unit.unit} ${unit.device}`}>
            <span class="unit-name"><span class="ordinal">{unit.unit}</span> {unit.device}</span>
            <Histogram unit={unit} />
            <Errors unit={unit} />
          </li>
        ))}
      </ul>
    </details>
  )
}
