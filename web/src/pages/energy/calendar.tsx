// A year as a calendar of days, darker where more was used; what was not read is hatched.
import { useRef, useState } from 'preact/hooks'
import { type Calendar, type CalendarDay, type EnergyRow, loadCalendar, loadEnergy } from '../../api/energy'
import { useCell } from '../../base/cell'
import { unitNow } from '../../base/clock'
import { dayName, money, monthName, usedDecimals } from '../../format/period'
import { date } from '../../format/time'
import { site } from '../../model/site'
import { Empty } from '../../parts/empty'
import { type CalendarState, parseCalendar, printCalendar, printEnergy } from '../../route/energy-state'
import { go } from '../../route/route'
import { Icon } from '../../shell/icons'
import { t } from '../../text'
import { Amount, amountWords, shareWords } from './amounts'
import { COMPLETE, dayAfter, rangeOf, SHADES, shadeOf, weeksOf, type Range } from './model'
import { useAsked } from './use-energy'

/** Noon in UTC: the same day in every zone that people live in. */
const noon = (day: string) => Date.parse(`${day}T12:00:00Z`) / 1000

function dayWords(day: CalendarDay, calendar: Calendar): string {
  const words = t.energy.calendar
  const used = day.used === null ? words.dayNone : amountWords(day.used, calendar.unit)
  const said = day.used !== null && day.covered < COMPLETE ? words.dayPart(used, shareWords(day.covered)) : used
  return words.day(dayName(noon(day.date), 'UTC'), said, day.cost === null ? null : money(day.cost, calendar.currency ?? null))
}

interface MonthProps {
  calendar: Calendar
  month: number
  days: Map<string, CalendarDay>
  range: Range
  /** The day that the Tab key stops at. */
  stop: string
  onFocus: (day: string) => void
}

function Month({ calendar, month, days, range, stop, onFocus }: MonthProps) {
  const words = t.energy.calendar
  const name = monthName(Date.UTC(calendar.year, month, 15) / 1000, 'UTC')
  return (
    <table class="month">
      <caption>{name.replace(/ \d+$/, '')}</caption>
      <thead class="hidden-head"><tr>{words.weekdays.map((short, at) => <th key={at} scope="col" abbr={words.weekdayNames[at]}>{short}</th>)}</tr></thead>
      <tbody>
        {weeksOf(calendar.year, month).map((week, at) => (
          <tr key={at}>
            {week.map((cell, weekday) => {
              const day = cell && days.get(cell.date)
              if (!cell || !day) return <td key={weekday} class={cell ? 'day ahead' : undefined} />
              const known = dayWords(day, calendar)
              const shade = day.used === null ? 'missing' : `shade-${shadeOf(day.used, range)}${day.covered < COMPLETE ? ' partly' : ''}`
              return (
                <td key={weekday} class={`day ${shade}`}>
                  <a href={printEnergy({ period: 'day', by: 'meter', at: cell.date, group: '', medium: '', of: calendar.id })} data-date={cell.date} data-why={known} aria-label={known}
                    tabIndex={cell.date === stop ? 0 : -1} onFocus={() => onFocus(cell.date)}>{cell.day}</a>
                </td>
              )
            })}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** By arrows and pages; null for other keys. */
function target(key: string, from: string, rtl: boolean): string | null {
  const forward = rtl ? -1 : 1
  switch (key) {
    case 'ArrowLeft': return dayAfter(from, -forward)
    case 'ArrowRight': return dayAfter(from, forward)
    case 'ArrowUp': return dayAfter(from, -7)
    case 'ArrowDown': return dayAfter(from, 7)
    case 'PageUp': return dayAfter(from, -28)
    case 'PageDown': return dayAfter(from, 28)
    default: return null
  }
}

function Months({ calendar }: { calendar: Calendar }) {
  const box = useRef<HTMLDivElement>(null)
  const last = calendar.days[calendar.days.length - 1]!.date
  const first = calendar.days[0]!.date
  const [wanted, setWanted] = useState(last)
  const days = new Map(calendar.days.map((day) => [day.date, day]))
  const stop = days.has(wanted) ? wanted : last
  const range = rangeOf(calendar.days)
  const walk = (event: KeyboardEvent) => {
    const to = event.key === 'Home' ? first : event.key === 'End' ? last : target(event.key, stop, t.direction === 'rtl')
    if (!to) return
    event.preventDefault()
    const next = to < first ? first : to > last ? last : to
    setWanted(next)
    box.current?.querySelector<HTMLElement>(`[data-date="${next}"]`)?.focus()
  }
  return (
    <div ref={box} class="months" onKeyDown={walk}>
      {Array.from({ length: 12 }, (_, month) => <Month key={month} calendar={calendar} month={month} days={days} range={range} stop={stop} onFocus={setWanted} />)}
    </div>
  )
}

/** From no use to the largest day. */
function Legend({ calendar }: { calendar: Calendar }) {
  const words = t.energy
  const { least, most } = rangeOf(calendar.days)
  return (
    <p class="bars-legend">
      <span class="hidden">{words.calendar.legend}</span>
      <span class="shades">
        {amountWords(least, calendar.unit)}
        {Array.from({ length: SHADES }, (_, shade) => <span key={shade} class={`day shade-${shade + 1}`} aria-hidden="true" />)}
        {amountWords(most, calendar.unit)}
      </span>
      <span><span class="bar-key partly-day" />{words.legend.partly}</span>
      <span><span class="bar-key missing" />{words.legend.missing}</span>
    </p>
  )
}

function Facts({ calendar, running }: { calendar: Calendar; running: boolean }) {
  const words = t.energy.calendar
  const known = calendar.days.filter((day) => day.used !== null)
  const full = known.filter((day) => day.covered >= COMPLETE).sort((a, b) => a.used! - b.used!)
  const sum = known.length ? known.reduce((all, day) => all + day.used!, 0) : null
  const cost = known.some((day) => day.cost !== null) ? known.reduce((all, day) => all + (day.cost ?? 0), 0) : null
  const gaps = calendar.days.filter((day) => day.used === null).length
  const extreme = (day: CalendarDay | undefined) => day && <>{amountWords(day.used, calendar.unit)} <span class="quiet-word">{dayName(noon(day.date), 'UTC')}</span></>
  const facts: [string, preact.ComponentChildren][] = [
    [running ? words.sumSoFar : words.sum, <><Amount used={sum} unit={calendar.unit} />{cost !== null && <span class="quiet-word"> {money(cost, calendar.currency ?? null)}</span>}</>],
    [words.mean, full.length ? amountWords(full.reduce((all, day) => all + day.used!, 0) / full.length, calendar.unit) : null],
    [words.most, extreme(full[full.length - 1])], [words.least, extreme(full[0])],
    [words.notReadLabel, gaps ? words.notRead(gaps) : null],
  ]
  return <dl class="facts calendar-facts">{facts.filter(([, value]) => value).map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
}

function DaysTable({ calendar }: { calendar: Calendar }) {
  const words = t.energy.calendar
  const decimals = usedDecimals(Math.max(0, ...calendar.days.map((day) => day.used ?? 0)))
  return (
    <details class="alternative">
      <summary>{words.table}</summary>
      <div class="scroll tall" tabIndex={0} role="region" aria-label={words.table}>
        <table class="readings">
          <thead><tr><th scope="col">{words.dayColumn}</th><th scope="col" class="number">{words.usedColumn}</th><th scope="col" class="number">{words.costColumn}</th><th scope="col" class="number">{words.coveredColumn}</th></tr></thead>
          <tbody>
            {calendar.days.map((day) => (
              <tr key={day.date}>
                <th scope="row">{dayName(noon(day.date), 'UTC')}</th>
                <td class="number"><Amount used={day.used} unit={calendar.unit} decimals={decimals} /></td>
                <td class="number">{day.cost === null ? t.value.none : money(day.cost, calendar.currency ?? null)}</td>
                <td class="number">{shareWords(day.used === null ? 0 : day.covered)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}

interface ToolsProps {
  meters: EnergyRow[]
  groups: EnergyRow[]
  of: string
  year: number
  thisYear: number
  move: (change: Partial<CalendarState>) => void
}

function Tools({ meters, groups, of, year, thisYear, move }: ToolsProps) {
  const words = t.energy.calendar
  const options = (rows: EnergyRow[]) => rows.map((row) => <option key={row.id} value={row.id}>{row.name && row.name !== row.id ? `${row.name} (${row.id})` : row.id}</option>)
  const to = (next: number) => move({ year: next === thisYear ? null : next })
  return (
    <div class="energy-tools">
      <span class="inline-choice">
        <label for="calendar-of">{words.of}</label>
        <select id="calendar-of" value={of} onChange={(event) => move({ of: event.currentTarget.value })}>
          {groups.length > 0 && <optgroup label={words.groups}>{options(groups)}</optgroup>}
          <optgroup label={words.meters}>{options(meters)}</optgroup>
        </select>
      </span>
      <div class="stepper">
        <button type="button" class="quiet" aria-label={words.earlier(year - 1)} onClick={() => to(year - 1)}><Icon name="left" /></button>
        <b class="period-name" aria-live="polite">{year}</b>
        <button type="button" class="quiet" aria-label={words.earlier(year + 1)} disabled={year >= thisYear} onClick={() => to(year + 1)}><Icon name="right" /></button>
      </div>
    </div>
  )
}

function Year({ of, year, thisYear }: { of: string; year: number; thisYear: number }) {
  const words = t.energy
  const { found, loading, failure } = useAsked(`${of} ${year}`, (signal) => loadCalendar(of, year, signal), year === thisYear)
  if (failure) return <p class="reason" role="alert">{words.failed} {failure}</p>
  if (!found) return <p class="loading" role="status">{words.calendar.loading}</p>
  if (!found.days.some((day) => day.used !== null)) return <section class="panel"><p class="quiet-word">{words.calendar.none(found.year)}</p></section>
  return (
    <section class={loading ? 'panel calendar busy-list' : 'panel calendar'} aria-busy={loading} aria-label={`${found.name || found.id}, ${found.year}`}>
      <Facts calendar={found} running={found.year === thisYear} />
      <Months calendar={found} />
      <Legend calendar={found} />
      <p class="hint">{words.calendar.hint}</p>
      <DaysTable calendar={found} />
    </section>
  )
}

const nowRows = (by: 'meter' | 'group') => (signal: AbortSignal) => loadEnergy({ period: 'day', by, at: '', group: '', medium: '' }, signal)

export function CalendarSection({ search }: { search: string }) {
  const state = parseCalendar(search)
  const zone = useCell(site)?.time_zone ?? 'UTC'
  const meters = useAsked('meters', nowRows('meter'), false)
  const groups = useAsked('groups', nowRows('group'), false)
  const words = t.energy
  if (meters.failure) return meters.historyOff ? <Empty part title={words.historyOff} text={words.historyOffText} /> : <p class="reason" role="alert">{words.failed} {meters.failure}</p>
  if (!meters.found || (groups.loading && !groups.found)) return <p class="loading" role="status">{words.calendar.loading}</p>
  if (!meters.found.rows.length) return <Empty part title={words.none} text={words.noneText} />
  const thisYear = Number(date(unitNow(), zone).slice(0, 4))
  const year = state.year ?? thisYear
  const of = state.of || meters.found.rows[0]!.id
  return (
    <>
      <Tools meters={meters.found.rows} groups={groups.found?.rows ?? []} of={of} year={year} thisYear={thisYear} move={(change) => go(printCalendar({ ...state, ...change }))} />
      <Year of={of} year={year} thisYear={thisYear} />
    </>
  )
}
