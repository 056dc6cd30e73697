// Schedules as a week: one row each, from Monday to Sunday, with the line of now moving through it.
import type { Schedule } from '../../api/switching'
import type { SettingValue } from '../../api/types'
import { useCell } from '../../base/cell'
import { useSlowNow } from '../../base/clock'
import { clock, date, parseTime } from '../../format/time'
import { join } from '../../model/members'
import { mayAs, session } from '../../model/session'
import { site } from '../../model/site'
import { daysText, dayTime, weekShare } from '../../model/week'
import { RecordLook } from '../../parts/record-form'
import { useRecords } from '../../parts/use-records'
import { useTable } from '../../parts/use-table'
import { t } from '../../text'
import { RecordPage, recordAddress } from './record-page'
import { ScheduleForm } from './schedule-form'
import { useOutlets } from './use-outlets'
import { WeekDays, WeekLine } from './week-line'

const PATH = '/control/schedules'
const AGAIN_S = 30

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

/** `Off`; `Set level 80 %`. */
function deed(action: string, level: number | null | undefined): string {
  const words = t.control.action[action] ?? action
  return typeof level === 'number' ? t.control.week.does(words, t.control.percent(level)) : words
}

function whatInWords(schedule: Schedule): string {
  const does = deed(schedule.action, schedule.level)
  const times = schedule.to_s === null ? dayTime(schedule.from_s) : `${dayTime(schedule.from_s)}–${dayTime(schedule.to_s)}`
  return `${does} ${times}, ${daysInWords(schedule.days)}`
}

/** The keys of its record, as the form has them. */
function valuesOf(schedule: Schedule): Record<string, SettingValue> {
  return {
    label: schedule.label, targets: join(schedule.targets), action: schedule.action, days: daysText(schedule.days), enabled: schedule.enabled,
    ...(schedule.action === 'set' ? { level: schedule.level ?? 100, level_after: schedule.level_after ?? 0 } : {}),
    from: dayTime(schedule.from_s), to: schedule.to_s === null ? '' : dayTime(schedule.to_s),
  }
}

function Row({ schedule, zone, now, chosen }: { schedule: Schedule; zone: string; now: number; chosen: boolean }) {
  const words = t.control.week
  const what = whatInWords(schedule)
  const classes = ['week-row', !schedule.enabled && 'idle', chosen && 'chosen'].filter(Boolean).join(' ')
  return (
    <li class={classes} data-schedule={schedule.name}>
      <div class="week-name">
        <b><a href={recordAddress(PATH, schedule.name)}>{schedule.label || schedule.name}</a></b> {schedule.holds && <span class="week-holds">{words.holds}</span>}
        <span class="quiet-word">{what}</span>
        <span class="quiet-word week-targets">{schedule.targets.join(', ')}</span>
      </div>
      <WeekLine times={schedule} action={schedule.action} words={what} />
      <div class="week-next">
        {!schedule.enabled ? words.off : schedule.next ? words.next(deed(schedule.next.does, schedule.next.level), when(schedule.next.time, zone, now)) : words.nothingNext}
        {schedule.last_text && <span class="plan-note">{schedule.last_text}</span>}
      </div>
    </li>
  )
}

function Look({ schedule, mayEdit, onClose }: { schedule: Schedule; mayEdit: boolean; onClose: () => void }) {
  return (
    <RecordLook title={t.control.week.of(schedule.label || schedule.name)} place={mayEdit ? schedule.fixed : null} onClose={onClose}>
      <p>{whatInWords(schedule)}</p>
      <p class="quiet-word">{schedule.targets.join(', ')}</p>
    </RecordLook>
  )
}

export function Schedules({ search }: { search: string }) {
  const outlets = useOutlets()
  const table = useTable('schedules')
  const records = useRecords<Schedule>('schedules', AGAIN_S)
  const mayEdit = mayAs(useCell(session), 'administrator')
  const zone = useCell(site)?.time_zone ?? 'UTC'
  const now = useSlowNow(30)
  const words = t.control.week
  const chosen = new URLSearchParams(search).get('r')
  const share = weekShare(now, zone)
  return (
    <RecordPage path={PATH} search={search} title={words.title} add={t.records.add(words.one)} none={words.none} noneText={words.noneText} records={records}
      list={(
        <div class="week">
          <WeekDays />
          <ul style={{ '--now': `${(share * 100).toFixed(2)}%` }}>
            {records.list.map((schedule) => <Row key={schedule.name} schedule={schedule} zone={zone} now={now} chosen={schedule.name === chosen} />)}
          </ul>
        </div>
      )}
      form={(schedule, close) => schedule && (schedule.fixed || !mayEdit)
        ? <Look schedule={schedule} mayEdit={mayEdit} onClose={() => close()} />
        : table && <ScheduleForm collection="schedules" table={table} record={schedule} start={{ from: '22:00', to: '06:00', action: 'off' }} valuesOf={valuesOf} records={records}
            outlets={outlets} share={share} onDone={close} onCancel={() => close()} />} />
  )
}
