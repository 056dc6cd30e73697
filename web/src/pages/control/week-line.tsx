// The picture of a week: from Monday to Sunday, pieces where a schedule holds, the line of now through it.
import { pieces, type Times } from '../../model/week'
import { t } from '../../text'

export function WeekDays() {
  return <div class="week-days" aria-hidden="true">{t.control.week.shortDays.map((day) => <span key={day}>{day}</span>)}</div>
}

/** Solid where it is on, hollow where it is off, a stroke for an instant. */
export function WeekLine({ times, action, words }: { times: Times; action: string; words: string }) {
  const kind = times.to_s === null ? 'instant' : action === 'off' ? 'hollow' : 'solid'
  return (
    <div class="week-line" role="img" aria-label={words}>
      {pieces(times).map(({ from, to }) => (
        <span key={from} class={`week-piece ${kind}`} style={{ insetInlineStart: `${(from * 100).toFixed(3)}%`, inlineSize: `${((to - from) * 100).toFixed(3)}%` }} />
      ))}
    </div>
  )
}
