import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fits, join, moved, nameFrom, split } from '../src/model/members'
import { daysText, nextOf, parseDays, parseDayTime } from '../src/model/week'
import { parseControl, printControl } from '../src/route/control-state'

const H = 3600

test('lists of members are taken apart and put together', () => {
  assert.deepEqual(split(' pdu-a/outlet-1,pdu-b/*, ,pdu-a/outlet-1 '), ['pdu-a/outlet-1', 'pdu-b/*'])
  assert.deepEqual(split(''), [])
  assert.equal(join(['a/outlet-1', 'group/x']), 'a/outlet-1, group/x')
})

test('a star stands for letters, never for a slash, and a dot is a dot', () => {
  assert.ok(fits('pdu-*/outlet-1*', 'pdu-a/outlet-12'))
  assert.ok(fits('pdu-b/*', 'pdu-b/outlet-1'))
  assert.ok(!fits('*', 'pdu-b/outlet-1'))
  assert.ok(!fits('pdu.b/*', 'pdu-b/outlet-1'))
  assert.ok(!fits('pdu-b/outlet-1', 'pdu-b/outlet-12'))
})

test('a part moves by one place and stays at the ends', () => {
  assert.deepEqual(moved(['a', 'b', 'c'], 1, -1), ['b', 'a', 'c'])
  assert.deepEqual(moved(['a', 'b', 'c'], 2, 1), ['a', 'b', 'c'])
  assert.deepEqual(moved(['a', 'b', 'c'], 0, -1), ['a', 'b', 'c'])
})

test('a name comes from what people say', () => {
  assert.equal(nameFrom('Core switches'), 'core-switches')
  assert.equal(nameFrom('  Küche (EG) '), 'kuche-eg')
  assert.equal(nameFrom('日本'), '')
  assert.equal(nameFrom('x'.repeat(80)).length, 63)
})

test('days as the settings write them', () => {
  assert.deepEqual(parseDays('mon-fri, sun'), [0, 1, 2, 3, 4, 6])
  assert.deepEqual(parseDays('fri-mon'), [0, 4, 5, 6])
  assert.deepEqual(parseDays('Daily'), [0, 1, 2, 3, 4, 5, 6])
  assert.deepEqual(parseDays('funday'), [])
  assert.equal(daysText([6, 0]), 'mon, sun')
  assert.equal(daysText([0, 1, 2, 3, 4, 5, 6]), 'daily')
})

test('times of a day are read', () => {
  assert.equal(parseDayTime('22:30'), 22.5 * H)
  assert.equal(parseDayTime('24:00'), 24 * H)
  assert.equal(parseDayTime('06:00:15'), 6 * H + 15)
  for (const wrong of ['', '7:00', '24:01', '12:60', 'noon']) assert.equal(parseDayTime(wrong), null)
})

test('what comes next, also over the end of the week', () => {
  // Saturday noon
  const now = 5.5 / 7
  assert.deepEqual(nextOf({ days: [0, 5], from_s: 22 * H, to_s: 6 * H }, now), { from: { day: 5, second: 22 * H }, to: { day: 6, second: 6 * H } })
  assert.deepEqual(nextOf({ days: [5], from_s: 6 * H, to_s: null }, now), { from: { day: 5, second: 6 * H }, to: null })
  assert.deepEqual(nextOf({ days: [6], from_s: 20 * H, to_s: 4 * H }, now), { from: { day: 6, second: 20 * H }, to: { day: 0, second: 4 * H } })
  assert.deepEqual(nextOf({ days: [0], from_s: 0, to_s: 24 * H }, now), { from: { day: 0, second: 0 }, to: { day: 1, second: 0 } })
  assert.equal(nextOf({ days: [], from_s: 0, to_s: null }, now), null)
})

test('a level lives in the address, and only with set', () => {
  const state = { targets: ['dc-1/output-2'], action: 'set' as const, number: 42.5 }
  assert.equal(printControl(state), '/control?t=dc-1/output-2&do=set&n=42.5')
  assert.deepEqual(parseControl('?t=dc-1/output-2&do=set&n=42.5'), state)
  assert.deepEqual(parseControl('?t=dc-1/output-2&do=set&n=half'), { ...state, number: null })
  assert.deepEqual(parseControl('?t=dc-1/output-2&do=on&n=3'), { targets: state.targets, action: 'on' })
})
