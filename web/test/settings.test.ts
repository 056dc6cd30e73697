import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { SettingEntry, SettingRow, SettingTable } from '../src/api/types'
import { THIN } from '../src/format/number'
import {
  checkText, conflictsOf, durationSeconds, durationWords, fullKey, membersOf, rangeWords, rebase, withEdit, type Edits,
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
