// How often a rule would have fired in the last weeks: counted by the unit, drawn over what was recorded.
import { useEffect, useState } from 'preact/hooks'
import { type Preview as Answer, previewRule, type PreviewPoint } from '../../api/alarms'
import { sentence } from '../../api/http'
import type { SettingValue } from '../../api/types'
import { useCell } from '../../base/cell'
import { unitNow } from '../../base/clock'
import { figure } from '../../format/number'
import { moment, parseTime, span } from '../../format/time'
import { places, site } from '../../model/site'
import { t } from '../../text'
import { limitNumber } from './model'
import { RulePicture } from './rule-picture'

/** Asked when somebody has stopped typing. */
const SETTLE_MS = 500
const LISTED = 20

interface State {
  answer: Answer | null
  failure: string | null
  asking: boolean
}

function usePreview(values: Record<string, SettingValue> | null, from: string): State {
  const [state, setState] = useState<State>({ answer: null, failure: null, asking: false })
  const key = JSON.stringify([values, from])
  useEffect(() => {
    if (!values) return setState({ answer: null, failure: null, asking: false })
    const stop = new AbortController()
    setState((before) => ({ ...before, asking: true }))
    const timer = window.setTimeout(() => {
      previewRule(values, from, stop.signal).then(
        (answer) => setState({ answer, failure: null, asking: false }),
        (cause) => stop.signal.aborted || setState({ answer: null, failure: sentence(cause), asking: false }),
      )
    }, SETTLE_MS)
    return () => { stop.abort(); window.clearTimeout(timer) }
  }, [key])
  return state
}

/** `0.4 %`; nothing where it says nothing. */
function shareWords(share: number | null): string {
  if (!share) return ''
  const percent = share * 100
  return percent < 0.1 ? `< 0.1\u202f%` : `${percent.toFixed(percent < 10 ? 1 : 0)}\u202f%`
}

function FiredList({ point, zone }: { point: PreviewPoint; zone: string }) {
  const words = t.alarms.preview
  const found = places().get(point.path)
  const now = unitNow()
  const shown = point.spans.slice(-LISTED).reverse()
  if (!shown.length) return null
  return (
    <div class="fired-list scroll" tabIndex={0} role="region" aria-label={words.when}>
      <table class="readings">
        <thead><tr><th scope="col">{words.when}</th><th scope="col">{words.lasted}</th><th scope="col" class="number">{words.worst}</th></tr></thead>
        <tbody>
          {shown.map(({ from, to, worst }) => {
            const begin = parseTime(from) ?? 0
            const end = parseTime(to)
            return (
              <tr key={from}>
                <td>{moment(begin, now, zone)}</td>
                <td>{end === null ? words.still : span(end - begin)}</td>
                <td class="number">{worst === null ? '' : figure(worst, found?.point.unit ?? '', found?.point.decimals ?? 1)}</td>
              </tr>
            )
          })}
        </tbody>
      </table>
      {(point.more || point.spans.length > LISTED) && <p class="quiet-word">{words.last(shown.length)}</p>}
    </div>
  )
}

export interface PreviewProps {
  /** As it would be saved; null while something is missing. */
  values: Record<string, SettingValue> | null
  limit: string
  recover: string
}

export function Preview({ values, limit, recover }: PreviewProps) {
  const words = t.alarms.preview
  const zone = useCell(site)?.time_zone ?? 'UTC'
  const [from, setFrom] = useState('-14d')
  const [wanted, setWanted] = useState('')
  const { answer, failure, asking } = usePreview(values, from)
  const points = answer?.points ?? []
  // The one that fired most is the one to look at.
  const drawn = points.find(({ path }) => path === wanted) ?? [...points].sort((a, b) => b.count - a.count)[0]
  const long = words.spans[from] ?? from
  const said = !values || (answer && answer.mistakes.length) ? words.mistakes
    : !answer ? (asking ? words.asking : '')
      : answer.count === null ? answer.notes.join(' ') || words.nothing
        : answer.count ? words.times(answer.count, long, shareWords(answer.share)) : words.never(long)
  return (
    <section class="rule-preview wide" aria-label={words.title} aria-busy={asking}>
      <div class="preview-head">
        <h3>{words.title}</h3>
        <label class="tick">{words.span} <select value={from} onChange={(event) => setFrom(event.currentTarget.value)}>
          {Object.entries(words.spans).map(([value, label]) => <option key={value} value={value}>{label}</option>)}
        </select></label>
      </div>
      <p role="status" class={answer?.count ? 'preview-said fires' : 'preview-said'}>{said}</p>
      {failure && <p class="fault" role="alert">{words.failed} {failure}</p>}
      {drawn && answer && (
        <>
          {points.length > 1 && (
            <label class="tick">{words.point} <select value={drawn.path} onChange={(event) => setWanted(event.currentTarget.value)}>
              {points.map(({ path, count }) => <option key={path} value={path}>{words.counted(path, count)}</option>)}
            </select></label>
          )}
          <RulePicture key={drawn.path} point={drawn} from={answer.from} to={answer.to} limit={limitNumber(limit)} recover={limitNumber(recover)} zone={zone} />
          <FiredList point={drawn} zone={zone} />
        </>
      )}
      {answer && answer.count !== null && answer.notes.map((note) => <p key={note} class="quiet-word">{note}</p>)}
    </section>
  )
}
