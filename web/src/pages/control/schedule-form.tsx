// The form of a schedule: what, for whom, when; drawn into the week while it is being typed.
import type { Schedule } from '../../api/switching'
import { daysText, dayTime, nextOf, parseDays, parseDayTime, type Times, type WeekTime } from '../../model/week'
import { OutletPicker } from '../../parts/outlet-picker'
import { describes, Fault, FormField, LabelField, NameField, RecordForm, TextField } from '../../parts/record-form'
import { useDesk, type DeskProps, type RecordDesk } from '../../parts/use-records'
import { t } from '../../text'
import type { Outlets } from './use-outlets'
import { WeekDays, WeekLine } from './week-line'

/** What a window may do: its end is the opposite. */
const OF_WINDOW = ['on', 'off', 'set']
const OPPOSITE: Record<string, string> = { on: 'off', off: 'on' }
const WHOLE = { from: '00:00', to: '24:00' }

/** The times as typed; null while they are none. */
function timesOf(desk: RecordDesk): Times | null {
  const from = parseDayTime(desk.text('from'))
  const to = desk.text('to') === '' ? null : parseDayTime(desk.text('to'))
  if (from === null || (desk.text('to') !== '' && to === null)) return null
  return { days: parseDays(desk.text('days')), from_s: from, to_s: to }
}

function Days({ desk }: { desk: RecordDesk }) {
  const words = t.control.week
  const days = parseDays(desk.text('days'))
  const toggle = (day: number) => desk.type({ days: daysText(days.includes(day) ? days.filter((one) => one !== day) : [...days, day]) })
  return (
    <fieldset class="choices">
      <legend>{words.onDays}</legend>
      <div class="day-buttons">
        {words.shortDays.map((day, at) => (
          <button key={day} type="button" aria-pressed={days.includes(at)} onClick={() => toggle(at)}>{day}</button>
        ))}
      </div>
      <Fault text={days.length ? desk.fault('days') : words.noDay} />
    </fieldset>
  )
}

/** A field of the browser's own; midnight at the end of a day is 24:00. */
function TimeField({ desk, row, label, hint }: { desk: RecordDesk; row: 'from' | 'to'; label: string; hint?: string }) {
  const fault = desk.fault(row)
  const text = desk.text(row)
  return (
    <FormField id={`f-${row}`} label={label} hint={hint} fault={fault}>
      <input {...describes(`f-${row}`, fault)} type="time" value={text === '24:00' ? '00:00' : text} onInput={(event) => desk.type({ [row]: event.currentTarget.value })} />
    </FormField>
  )
}

function When({ desk }: { desk: RecordDesk }) {
  const words = t.control.week
  const isInstant = desk.text('to') === ''
  const whole = desk.text('from') === WHOLE.from && desk.text('to') === WHOLE.to
  const windowed = OF_WINDOW.includes(desk.text('action'))
  const from = parseDayTime(desk.text('from'))
  const to = parseDayTime(desk.text('to'))
  const nextDay = !isInstant && !whole && from !== null && to !== null && to <= from && to !== 0
  return (
    <fieldset class="choices">
      <legend>{words.when}</legend>
      <label><input type="radio" name="when" checked={!isInstant} disabled={!windowed} onChange={() => desk.type({ to: '06:00' })} /> {words.window}</label>
      <label><input type="radio" name="when" checked={isInstant} onChange={() => desk.type({ to: '' })} /> {words.instant}</label>
      {!whole && (
        <div class="times">
          <TimeField desk={desk} row="from" label={isInstant ? words.at : words.from} />
          {!isInstant && <TimeField desk={desk} row="to" label={words.to} hint={nextDay ? words.nextDay : undefined} />}
        </div>
      )}
      {!isInstant && <label><input type="checkbox" checked={whole} onChange={(event) => desk.type(event.currentTarget.checked ? WHOLE : { from: '22:00', to: '06:00' })} /> {words.whole}</label>}
    </fieldset>
  )
}

/** What comes next, as typed: the unit itself tells it when the schedule is saved. */
function Preview({ desk, share }: { desk: RecordDesk; share: number }) {
  const words = t.control.week
  const times = timesOf(desk)
  const action = desk.text('action')
  const at = ({ day, second }: WeekTime) => `${words.shortDays[day]} ${dayTime(second)}`
  const next = times && nextOf(times, share)
  const named = (one: string) => t.control.action[one] ?? one
  const level = (row: string) => words.does(named('set'), `${desk.text(row)}\u202f%`)
  const [does, after] = action === 'set' ? [level('level'), level('level_after')] : [named(action), named(OPPOSITE[action] ?? '')]
  const said = !times ? words.noTime : !next ? words.noDay
    : desk.text('enabled') !== 'true' ? words.off
      : next.to ? words.nextWindow(does, at(next.from), after, at(next.to)) : words.next(does, at(next.from))
  return (
    <div class="week week-preview" style={{ '--now': `${(share * 100).toFixed(2)}%` }}>
      <WeekDays />
      {times && <WeekLine times={times} action={action} words={words.picture} />}
      <p class="in-words" role="status">{said}</p>
    </div>
  )
}

export function ScheduleForm({ outlets, share, onCancel, ...props }: DeskProps<Schedule> & { outlets: Outlets; share: number; onCancel: () => void }) {
  const desk = useDesk(props)
  const words = t.control.week
  const shown = desk.text('label') || desk.name
  const actions = props.table.rows.find((row) => row.key === 'action')?.choices ?? OF_WINDOW
  const choose = (action: string) => desk.type(OF_WINDOW.includes(action) ? { action } : { action, to: '' })
  return (
    <RecordForm desk={desk} title={desk.isNew ? t.records.add(words.one) : words.of(shown)} save={desk.isNew ? t.records.save(words.one) : t.control.own.save}
      removeAsk={words.removeAsk(shown)} onCancel={onCancel}>
      <LabelField desk={desk} label={words.label} />
      <NameField desk={desk} />
      <FormField id="f-action" label={words.action} hint={desk.text('action') in OPPOSITE ? words.actionHint : t.control.does[desk.text('action')]} fault={desk.fault('action')}>
        <select {...describes('f-action', desk.fault('action'))} value={desk.text('action')} onChange={(event) => choose(event.currentTarget.value)}>
          {actions.map((action) => <option key={action} value={action}>{t.control.action[action] ?? action}</option>)}
        </select>
      </FormField>
      {desk.text('action') === 'set' && (
        <div class="times">
          <TextField desk={desk} row="level" label={`${words.level} (%)`} />
          {desk.text('to') !== '' && <TextField desk={desk} row="level_after" label={`${words.levelAfter} (%)`} />}
        </div>
      )}
      <When desk={desk} />
      <Days desk={desk} />
      <Preview desk={desk} share={share} />
      <OutletPicker legend={words.targets} value={desk.text('targets')} outlets={outlets.outlets ?? []} groups={outlets.groups} fault={desk.fault('targets')}
        onValue={(targets) => desk.type({ targets })} />
      <label class="tick"><input type="checkbox" role="switch" checked={desk.text('enabled') === 'true'} onChange={(event) => desk.type({ enabled: String(event.currentTarget.checked) })} /> {words.enabled}</label>
    </RecordForm>
  )
}
