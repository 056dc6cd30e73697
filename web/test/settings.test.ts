import { strict as assert } from 'node:assert'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import type { SettingEntry, SettingRow, SettingTable } from '../src/api/types'
import { THIN } from '../src/format/number'
import { matching } from '../src/model/options'
import { inWords } from '../src/pages/settings/line'
import { grouped } from '../src/pages/settings/sections'
import {
  checkText, conflictsOf, covers, durationSeconds, durationWords, fullKey, goneOf, membersOf, nameFault, ownValues, placeOf, rangeWords, rebase,
  referencesTo, refusedOf, valuesOf, withEdit, type Edits,
} from '../src/pages/settings/model'

const row = (type: string, more: Partial<SettingRow> = {}): SettingRow => ({ key: 'x', type, ...more })
const entry = (key: string, value: SettingEntry['value'], source: SettingEntry['source'] = 'default'): SettingEntry =>
  ({ key, value, default: 1, source, place: null })
const table = (name: string, collection: boolean): SettingTable => ({ name, label: name, collection, rows: [] })

test('keys are table, member, setting', () => {
  assert.equal(fullKey(table('web', false), row('int', { key: 'port' }), null), 'web.port')
  assert.equal(fullKey(table('devices', true), row('int', { key: 'every' }), 'meter-1'), 'devices.meter-1.every')
  assert.deepEqual(membersOf(table('devices', true), [entry('devices.a.x', 1), entry('devices.b.c.x', 1), entry('devices.a.y', 1), entry('web.port', 1)]), ['a', 'b.c'])
})

test('numbers are checked against their range', () => {
  const port = row('int', { min: 0, max: 65535 })
  assert.deepEqual(checkText(port, '8080'), { value: 8080, fault: null })
  assert.ok(checkText(port, '65536').fault)
  assert.ok(checkText(port, '-1').fault)
  assert.ok(checkText(port, '80.5').fault)
  assert.ok(checkText(port, '').fault)
  assert.ok(checkText(port, 'eighty').fault)
  assert.deepEqual(checkText(row('number'), '1,5'), { value: 1.5, fault: null })
})

test('durations are a number and a unit', () => {
  assert.equal(durationSeconds('1.5 s'), 1.5)
  assert.equal(durationSeconds('10min'), 600)
  assert.equal(durationSeconds('250 ms'), 0.25)
  assert.equal(durationSeconds('0'), 0)
  assert.equal(durationSeconds('5'), null)
  assert.equal(durationSeconds('5 weeks'), null)
  const every = row('duration', { min: 0.1, max: 3600 })
  assert.equal(checkText(every, '1 s').fault, null)
  assert.ok(checkText(every, '50 ms').fault)
  assert.ok(checkText(every, '2 h').fault)
  assert.equal(durationWords(3600), `1${THIN}h`)
  assert.equal(durationWords(0.1), `100${THIN}ms`)
  assert.equal(rangeWords(every), `100${THIN}ms to 1${THIN}h`)
})

test('texts are as long as their bytes', () => {
  assert.equal(checkText(row('text', { max: 4 }), 'abcd').fault, null)
  assert.ok(checkText(row('text', { max: 4 }), 'äöü').fault)
  assert.ok(checkText(row('reference', { required: true }), ' ').fault)
})

test('typing the old value again is no change', () => {
  const was = entry('a.b', 60)
  const typed = withEdit(new Map(), was, '61', false)
  assert.deepEqual([...typed], [['a.b', { text: '61', base: 60 }]])
  assert.equal(withEdit(typed, was, '60', false).size, 0)
})

test('a conflict is only where both changed the same setting differently', () => {
  const edits: Edits = new Map([
    ['a.same', { text: '5', base: 1 }], ['a.mine', { text: '7', base: 1 }], ['a.agreed', { text: '9', base: 1 }],
  ])
  const now = new Map([['a.same', entry('a.same', 6)], ['a.mine', entry('a.mine', 1)], ['a.agreed', entry('a.agreed', 9)]])
  assert.deepEqual(conflictsOf(edits, now), [{ key: 'a.same', theirs: 6, mine: '5' }])
  assert.deepEqual([...rebase(edits, now)], [['a.same', { text: '5', base: 6 }], ['a.mine', { text: '7', base: 1 }]])
})

test('a setting that was fixed in the file meanwhile is no longer changed', () => {
  const edits: Edits = new Map([['a.b', { text: '5', base: 1 }]])
  assert.equal(rebase(edits, new Map([['a.b', entry('a.b', 1, 'file')]])).size, 0)
})

test('sentences of the unit find their fields', () => {
  const refused = refusedOf([
    'devices.a: "line" is missing: The line that the device is wired to.',
    'devices.a.unit: must be 0 to 255, not "300"',
    'lines.bus.1.port: a modbus-rtu line needs the path of its serial port, like /dev/ttyUSB0',
    'the disk is full',
  ])
  assert.deepEqual([...refused.keys()], ['devices.a.line', 'devices.a.unit', 'lines.bus.1.port'])
  assert.equal(refused.get('devices.a.unit'), 'Must be 0 to 255, not "300"')
})

test('names of records are checked as the unit checks them', () => {
  for (const good of ['meter-1', '1', 'a.b_c-d', 'x'.repeat(63)]) assert.equal(nameFault(good, ['other']), null, good)
  for (const bad of ['', 'Meter', '-a', '.a', 'a b', 'ä', 'x'.repeat(64)]) assert.ok(nameFault(bad, []), bad)
  assert.match(nameFault('meter-1', ['meter-1'])!, /already/)
})

test('who names a record, and what moves along with it', () => {
  const named = (key: string, more = {}) => ({ key, type: 'text', ...more })
  const lines = { name: 'lines', label: '', collection: true, rows: [named('kind', { required: true })] }
  const devices = { name: 'devices', label: '', collection: true, rows: [named('line', { refers_to: 'lines', required: true }), named('fed_by'), named('label')] }
  const at = (key: string, value: string, source: 'page' | 'file' | 'default' = 'page', place = '') => ({ key, value, default: '', source, place })
  const values = valuesOf({ revision: 1, values: [
    at('lines.bus.kind', 'sim'), at('lines.main.kind', 'sim', 'file', 'busbar.yaml:3:1'),
    at('devices.a.line', 'bus'), at('devices.a.fed_by', 'mains'), at('devices.a.label', '', 'default'),
    at('devices.b.line', 'main', 'file'), at('devices.b.fed_by', 'a'), at('devices.b.label', 'bus'),
  ] })
  const keys = (table: typeof lines, name: string) => referencesTo(table, name, [lines, devices], values).map(({ key }) => key)
  assert.deepEqual(keys(lines, 'bus'), ['devices.a.line'])
  assert.deepEqual(keys(devices, 'a'), ['devices.b.fed_by'])
  assert.deepEqual(keys(devices, 'b'), [])
  assert.equal(placeOf(lines, 'main', values), 'busbar.yaml:3:1')
  assert.equal(placeOf(lines, 'bus', values), null)
  assert.deepEqual(ownValues(devices, 'a', values, 'c'), { 'devices.c.line': 'bus', 'devices.c.fed_by': 'mains' })
})

test('an edit of what somebody removed is told, not forgotten', () => {
  const edits = new Map([['devices.a.label', { text: 'Mine', base: '' }], ['site.name', { text: 'X', base: 'Y' }]])
  const now = valuesOf({ revision: 2, values: [{ key: 'site.name', value: 'Y', default: '', source: 'default', place: null }] })
  assert.deepEqual(goneOf(edits, now), ['devices.a.label = Mine'])
})

test('proposals: every word must occur, in any order', () => {
  const options = [{ value: 'eastron-sdm630', label: 'Eastron SDM630' }, { value: 'carlo-gavazzi-em340', label: 'Carlo Gavazzi EM330, EM340' }]
  assert.deepEqual(matching(options, 'em340 carlo').map(({ value }) => value), ['carlo-gavazzi-em340'])
  assert.equal(matching(options, '').length, 2)
  assert.equal(matching(options, 'sdm 330').length, 0)
})

test('a certificate names a host as browsers compare', () => {
  const names = ['rack7.example', '*.power.example', '192.0.2.7', 'fd00::2']
  for (const host of ['RACK7.example', 'a.power.example', '192.0.2.7', '[fd00::2]']) assert.ok(covers(names, host), host)
  for (const host of ['power.example', 'a.b.power.example', '192.0.2.70', 'x.rack7.example']) assert.ok(!covers(names, host), host)
})

test('every table of the unit stands in one group of sections, a new one in the last', () => {
  const reference = readFileSync(new URL('../../../docs/settings.md', import.meta.url), 'utf8')
  const names = [...reference.matchAll(/^## `(\w+):`/gm)].map(([, name]) => name!).filter((name) => name !== 'history_rules')
  assert.ok(names.length > 30, 'the reference lists them')
  const groups = grouped([...names, 'users', 'tokens', 'certificate'].map((name) => ({ name, label: name })))
  assert.deepEqual(groups.flatMap(({ sections }) => sections.map(({ name }) => name)).sort(), [...names, 'users', 'tokens', 'certificate'].sort())
  assert.deepEqual(groups.find(({ group }) => group === 'others'), undefined, 'a new table wants a place')
  assert.deepEqual(grouped([{ name: 'brand-new', label: '' }]).map(({ group }) => group), ['others'])
})

test('keys in words, with the capitals that people write', () => {
  assert.deepEqual(['every_ms', 'csv_step', 'ca', 'off_after', 'enabled', 'cash'].map(inWords), ['Every', 'CSV step', 'CA', 'Off after', 'Enabled', 'Cash'])
})
