import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { SettingEntry } from '../src/api/types'
import { choiceOf, daysInWords, fitWords, forecastWords, type Forecast } from '../src/pages/settings/history-model'

const entry = (key: string, value: SettingEntry['value']): [string, SettingEntry] => [key, { key, value, default: null, source: 'page', place: null }]
const values = new Map([
  entry('history.enabled', true), entry('history.every', '1 min'), entry('history.space', 0),
  entry('history_rules.a.b.points', '*/total/energy'), entry('history_rules.a.b.mode', 'value'), entry('history_rules.a.b.every', ''), entry('history_rules.a.b.on_alarm', false),
])
const rule = { points: 'm/*/*', mode: 'average', every: '1 s', on_alarm: 'true' }

const forecast: Forecast = {
  points: 5, kept_points: 1, readings_per_day: 177120, bytes_per_day: 88560, bytes_per_reading: 0.5, measured: true, budget: 100e6, used: 20e6,
  lasts_days: 1129.2, full_days: 903.3, kept_bytes_per_year: 55000, rules: [{ name: 'a', fits: 3, counts: 2 }, { name: 'b', fits: 0, counts: 0 }, { name: 'c', fits: 4, counts: 0 }],
  mistakes: [],
}

test('what is typed counts before what holds, and a rule that is being added counts too', () => {
  const edits = new Map([['history.every', { text: '10 s', base: '1 min' }], ['history_rules.a.b.every', { text: 'off', base: '' }]])
  assert.deepEqual(choiceOf(values, edits, ['a.b'], { name: '', rule }), {
    enabled: 'true', every: '10 s', space: '0',
    rules: { 'a.b': { points: '*/total/energy', mode: 'value', every: 'off', on_alarm: 'false' }, new: rule },
  })
  assert.deepEqual(Object.keys(choiceOf(values, new Map(), ['a.b'], { name: 'x', rule: { ...rule, points: '' } }).rules), ['a.b'])
})

test('spans are told in the unit that people plan in', () => {
  assert.equal(daysInWords(0.5), '12 hours')
  assert.equal(daysInWords(3), '3.0 days')
  assert.equal(daysInWords(400), '400 days')
  assert.equal(daysInWords(1129.2), '3.1 years')
  assert.equal(daysInWords(29220), '80 years')
  assert.equal(daysInWords(2_519_349), 'more than 100 years')
})

test('a rule without points is a hint', () => {
  assert.deepEqual(fitWords(forecast, 'a'), { words: '2 of 3 points', hint: false })
  assert.equal(fitWords(forecast, 'b').hint, true)
  assert.match(fitWords(forecast, 'c').words, /more specific/)
  assert.deepEqual(fitWords(null, 'a'), { words: '', hint: false })
})

test('the forecast says how long, how full, what stays', () => {
  const words = Object.fromEntries(forecastWords(forecast, null))
  assert.equal(words['Lasts for'], '3.1 years')
  assert.match(words['Full']!, /in 2.5 years; then the oldest/)
  assert.match(words['Kept for ever']!, /1 counter /)
  const nothing = Object.fromEntries(forecastWords({ ...forecast, lasts_days: null, full_days: null }, null))
  assert.match(nothing['Lasts for']!, /nothing is recorded/)
  assert.equal('Full' in nothing, false)
  assert.match(Object.fromEntries(forecastWords({ ...forecast, full_days: 0 }, null))['Full']!, /it is full/)
})
