// The history's choice as it stands on the desk, and its forecast in words. Pure.
import { bytes, number } from '../../format/number'
import { t } from '../../text'
import { textOf, type Edits, type Values } from './model'

export interface RuleDraft {
  points: string
  mode: string
  every: string
  on_alarm: string
}

export const RULE_KEYS = ['points', 'mode', 'every', 'on_alarm'] as const

/** What POST /history/forecast takes. */
export interface Choice {
  enabled: string
  every: string
  space: string
  rules: Record<string, RuleDraft>
}

export interface Forecast {
  points: number
  kept_points: number
  readings_per_day: number
  bytes_per_day: number
  bytes_per_reading: number
  measured: boolean
  budget: number
  used: number
  lasts_days: number | null
  full_days: number | null
  kept_bytes_per_year: number
  rules: { name: string; fits: number; counts: number }[]
  mistakes: { key: string; error: string }[]
}

/** What somebody typed, else what holds. */
export function textAt(values: Values, edits: Edits, key: string): string {
  return edits.get(key)?.text ?? textOf(values.get(key)?.value ?? '')
}

/** Everything as it would be after Apply; `draft` is a rule that is not there yet. */
export function choiceOf(values: Values, edits: Edits, rules: string[], draft: { name: string; rule: RuleDraft } | null): Choice {
  const text = (key: string) => textAt(values, edits, key)
  const choice: Choice = { enabled: text('history.enabled'), every: text('history.every'), space: text('history.space'), rules: {} }
  for (const name of rules) {
    const [points, mode, every, on_alarm] = RULE_KEYS.map((key) => text(`history_rules.${name}.${key}`))
    choice.rules[name] = { points: points!, mode: mode!, every: every!, on_alarm: on_alarm! }
  }
  if (draft && draft.rule.points) choice.rules[draft.name || 'new'] = draft.rule
  return choice
}

/** Days; beyond it a figure would promise what no disk keeps. */
const CENTURY = 36_525

/** Years when it is long, hours when it is short: nobody plans by 2,417.3 days. */
export function daysInWords(days: number): string {
  const { years, hours, days: inDays, moreYears } = t.historySettings
  if (days >= CENTURY) return moreYears
  if (days >= 730) return years(number(days / 365.25, days < 3650 ? 1 : 0))
  if (days >= 3) return inDays(number(days, days < 10 ? 1 : 0))
  return hours(number(days * 24, 0))
}

/** How many points a rule has, and a hint when it has none. */
export function fitWords(forecast: Forecast | null, name: string): { words: string; hint: boolean } {
  const found = forecast?.rules.find((rule) => rule.name === name)
  const { fits, fitsNone, fitsOther } = t.historySettings
  if (!found) return { words: '', hint: false }
  if (found.fits === 0) return { words: fitsNone, hint: true }
  if (found.counts === 0) return { words: fitsOther(number(found.fits, 0)), hint: true }
  return { words: fits(number(found.counts, 0), number(found.fits, 0)), hint: false }
}

function fullWords(forecast: Forecast): string {
  const { fullIn, fullNow } = t.historySettings
  return forecast.full_days ? fullIn(daysInWords(forecast.full_days)) : fullNow
}

/** Name and words of each line of the forecast. */
export function forecastWords(forecast: Forecast, reach: string | null): [string, string][] {
  const words = t.historySettings
  const records = forecast.lasts_days !== null
  return [
    [words.lasts, records ? daysInWords(forecast.lasts_days!) : words.nothing],
    [words.readings, words.readingsText(number(forecast.points, 0), number(forecast.readings_per_day, 0))],
    [words.bytesDay, words.bytesDayText(bytes(forecast.bytes_per_day), number(forecast.bytes_per_reading, 2), forecast.measured)],
    [words.space, words.spaceText(bytes(forecast.used), bytes(forecast.budget))],
    ...(records ? [[words.full, fullWords(forecast)] as [string, string]] : []),
    [words.reach, reach ?? words.reachNone],
    [words.kept, forecast.kept_points ? words.keptText(number(forecast.kept_points, 0), bytes(forecast.kept_bytes_per_year)) : words.keptNone],
  ]
}
