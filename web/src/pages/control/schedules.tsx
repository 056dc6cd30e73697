// Schedules as a week: one row each, from Monday to Sunday, with the line of now moving through it.
import { useEffect, useState } from 'preact/hooks'
import { sentence } from '../../api/http'
import { loadSchedules, type Schedule } from '../../api/switching'
import { useCell } from '../../base/cell'
import { useSlowNow } from '../../base/clock'
import { clock, date, parseTime } from '../../format/time'
import { mayAs, session } from '../../model/session'
import { site } from '../../model/site'
import { dayTime, pieces, weekShare } from '../../model/week'
import { Empty } from '../../parts/empty'
import { t } from '../../text'

const AGAIN_MS = 30_000

function useSchedules(): { list: Schedule[] | null; failure: string | null } {
  const [list, setList] = useState<Schedule[] | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  useEffect(() => {
    let gone = false
    const look = () => loadSchedules().then(
      (next) => { if (!gone) { setList(next); setFailure(null) } },
      (cause) => gone || setFailure(sentence(cause)),
    )
    void look()
    const timer = window.setInterval(() => document.hidden || void look(), AGAIN_MS)
    return () => { gone = true; window.clearInterval(timer) }
  }, [])
  return { list, failure }
}

/** "Thu 22:00", or the date when it is further away than a week. */
function when(time: string | null, zone: string, now: number): string {
  const ms = parseTime(time)
  if (ms === null) return ''
  const day = ms - now < 6 * 86_400_000 ? t.control.week.shortDays[Math.min(6, Math.floor(weekShare(ms, zone) * 7))]! : date(ms, zone)
  return `${day} ${clock(ms, zone).slice(0, 5)}`
}

function daysInWords(days: number[]): string {
  if (days.length === 7) return t.control.week.daily
  return days.map((day) => t.control.week.shortDays[day]).join(', ')
}

function Row({ schedule, zone, now }: { schedule: Schedule; zone: string; now: number }) {
  const words = t.control.week
  const does = t.control.action[schedule.action] ?? schedule.action
  const times = schedule.to_s === null ? dayTime(schedule.from_s) : `${dayTime(schedule.from_s)}–${dayTime(schedule.to_s)}`
  const what = `${does} ${times}, ${daysInWords(schedule.days)}`
  const kind = schedule.to_s === null ? 'instant' : schedule.action === 'off' ? 'hollow' : 'solid'
  return (
    <li class={schedule.enabled ? 'week-row' : 'week-row idle'} data-schedule={schedule.name}>
      <div class="week-name">
        <b>{schedule.label || schedule.name}</b> {schedule.holds && <span class="week-holds">{words.holds}</span>}
        <span class="quiet-word">{what}</span>
        <span class="quiet-word week-targets">{schedule.targets.join(', ')}</span>
      </div>
      <div class="week-line" role="img" aria-label={what}>
        {schedule.days.length > 0 && pieces(schedule).map(({ from, to }) => (
          <span key={from} class={`week-piece ${kind}`} style={{ insetInlineStart: `${(from * 100).toFixed(3)}%`, inlineSize: `${((to - from) * 100).toFixed(3)}%` }} />
        ))}
      </div>
      <div class="week-next">
        {!schedule.enabled ? words.off : schedule.next ? words.next(t.control.action[schedule.next.does] ?? schedule.next.does, when(schedule.next.time, zone, now)) : words.nothingNext}
        {schedule.last_text && <span class="plan-note">{schedule.last_text}</span>}
      </div>
    </li>
  )
}

export function Schedules() {
  const { list, failure } = useSchedules()
  const who = useCell(session)
  const zone = useCell(site)?.time_zone ?? 'UTC'
  const now = useSlowNow(30)
  const words = t.control.week
  if (failure && !list) return <p class="reason" role="alert">{failure}</p>
  if (!list) return <p class="loading" role="status">{t.app.loading}</p>
  if (!list.length) return <Empty title={words.none} text={words.noneText} />
  return (
    <section class="panel week" aria-label={words.title}>
      {mayAs(who, 'administrator') && <a class="week-edit" href="/settings/schedules">{words.edit}</a>}
      <div class="week-days" aria-hidden="true">{words.shortDays.map((day) => <span key={day}>{day}</span>)}</div>
      <ul style={{ '--now': `${(weekShare(now, zone) * 100).toFixed(2)}%` }}>
        {list.map((schedule) => <Row key={schedule.name} schedule={schedule} zone={zone} now={now} />)}
      </ul>
    </section>
  )
}
