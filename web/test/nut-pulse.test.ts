import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { NutUps } from '../src/api/nut'
import type { SettingEntry } from '../src/api/types'
import { offAfter, recordsOf, ruleWords, standing, statusWords } from '../src/pages/nut/model'
import { displayUnit, isTaken, pulseRecords, readingOf, weightWords } from '../src/model/pulse'

const entry = (key: string, value: unknown) => ({ key, value, default: null, source: 'file', place: null }) as SettingEntry

test('a status is told in words; what is new to the page stays as it came', () => {
  assert.equal(statusWords('OB LB DISCHRG'), 'on battery, battery low, discharging')
  assert.equal(statusWords('OL ECO'), 'on mains, ECO')
  assert.equal(statusWords(''), 'not known')
})

test('stages stand together: one follows from the other', () => {
  const ups: NutUps = { name: 'r', label: '', device: null, group: null, supply: null, contact: 'fine', status: '', attached: 0, low: true, forced: false, outlets_off: true, on_battery_ms: 0, forced_ms: null }
  assert.deepEqual([...standing(ups)], ['battery', 'low', 'off'])
  assert.deepEqual([...standing({ ...ups, on_battery_ms: null, low: false, outlets_off: false })], [])
})

test('thresholds of a record in words, those that are off left out', () => {
  const rules = recordsOf([entry('nut_ups.rack-1.low_after', '10 min'), entry('nut_ups.rack-1.low_charge', 60), entry('nut_ups.rack-1.fsd_after', '0 s'), entry('nut_ups.rack-1.fsd_charge', 0),
    entry('nut_ups.rack-1.fsd_runtime', '5 min'), entry('nut_ups.rack-1.off_after', '30 s'), entry('nut_users.a.ups', 'x'), entry('nut.port', 1)], 'nut_ups')
  assert.deepEqual([...rules.keys()], ['rack-1'])
  assert.deepEqual(ruleWords(rules.get('rack-1')), ['low after 10 min or at 60\u202f%', 'forced with 5 min left', 'outlets off 30 s later'])
  assert.equal(offAfter(rules.get('rack-1')), '30 s')
  assert.deepEqual(ruleWords(undefined), [])
  assert.equal(offAfter({ off_after: '0 s' }), '')
})

test('what a pulse is worth, as printed on the meter', () => {
  const records = pulseRecords([entry('pulses.io/pulse-1.medium', 'water'), entry('pulses.io/pulse-1.weight', 10), entry('pulses.io/pulse-1.unit', 'l'),
    entry('pulses.io/pulse-2.weight', '2000'), entry('pulses.io/pulse-2.unit', 'pulses/kWh'), entry('pulses.io/pulse-2.multiplier', 40), entry('lines.pins.pulses', '!17:up')])
  assert.deepEqual([...records.keys()], ['io/pulse-1', 'io/pulse-2'])
  assert.equal(weightWords(records.get('io/pulse-1')!), '10\u202fl a pulse')
  assert.equal(weightWords(records.get('io/pulse-2')!), '2\u202f000 pulses per kWh')
  assert.equal(weightWords({ medium: 'gas', weight: 0.01, unit: 'm3', multiplier: 1 }), '0.01\u202fm³ a pulse')
  assert.equal(records.get('io/pulse-2')!.multiplier, 40)
  assert.deepEqual(['water', 'gas', 'heat', 'electricity'].map(displayUnit), ['m³', 'm³', 'kWh', 'kWh'])
})

test('a display’s reading is typed with a point or a comma, and nothing that no meter reads is taken', () => {
  assert.deepEqual(readingOf(' 815,2 '), { value: 815.2, fault: null })
  assert.deepEqual(readingOf('0'), { value: 0, fault: null })
  for (const wrong of ['', ' ', '12 kWh', '1 200', 'NaN', '-1', '1e10', 'Infinity']) assert.ok(readingOf(wrong).fault, wrong)
})

test('what was typed is told from what stood there before, upwards and downwards, some pulses later too', () => {
  assert.equal(isTaken(815.2, 815.2, null, 3), true)
  assert.equal(isTaken(815.23, 815.2, 12, 3), true)
  assert.equal(isTaken(900.01, 815.2, 900, 3), false, 'the old reading has only gone on')
  assert.equal(isTaken(815.21, 815.2, 900, 3), true)
  assert.equal(isTaken(12.01, 815.2, 12, 3), false)
  assert.equal(isTaken(815.2, 815.2, 815.2, 3), true)
})
