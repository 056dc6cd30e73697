import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dayTime, pieces, weekShare } from '../src/model/week'
import { parseControl, printControl, toggled } from '../src/route/control-state'

const H = 3600

test('a window of a day is one piece, in shares of the week', () => {
  assert.deepEqual(pieces({ days: [0], from_s: 0, to_s: 24 * H }), [{ from: 0, to: 1 / 7 }])
  const [first, second] = pieces({ days: [4, 1], from_s: 6 * H, to_s: 18 * H })
  assert.equal(first!.from, 1.25 / 7)
  assert.equal(second!.to, 4.75 / 7)
})

test('a window over midnight goes on the next day, from Sunday on Monday', () => {
  assert.deepEqual(pieces({ days: [0], from_s: 22 * H, to_s: 6 * H }), [{ from: 22 / 168, to: 30 / 168 }])
  assert.deepEqual(pieces({ days: [6], from_s: 22 * H, to_s: 6 * H }), [{ from: 0, to: 6 / 168 }, { from: 166 / 168, to: 1 }])
})

test('an instant has no length', () => {
  assert.deepEqual(pieces({ days: [2], from_s: 12 * H, to_s: null }), [{ from: 60 / 168, to: 60 / 168 }])
})

test('now is where the zone of the unit says', () => {
  // 2026-11-21 is a Saturday
  const noon = Date.UTC(2026, 10, 21, 12, 0, 0)
  assert.equal(weekShare(noon, 'UTC'), 5.5 / 7)
  assert.equal(weekShare(noon, 'Pacific/Auckland'), (6 * 24 + 1) / 168)
  assert.equal(weekShare(noon, 'No/Such'), 5.5 / 7)
})

test('times of a day', () => {
  assert.equal(dayTime(0), '00:00')
  assert.equal(dayTime(22 * H + 30 * 60), '22:30')
  assert.equal(dayTime(6 * H + 15), '06:00:15')
  assert.equal(dayTime(24 * H), '24:00')
})

test('the selection of the control page lives in its address', () => {
  const state = { targets: ['pdu-a/outlet-1', 'group/web servers'], action: 'reboot' as const }
  const address = printControl(state)
  assert.equal(address, '/control?t=pdu-a/outlet-1&t=group/web%20servers&do=reboot')
  assert.deepEqual(parseControl(address.slice(8)), state)
  assert.deepEqual(parseControl('?do=reboot'), { targets: [], action: null })
  assert.deepEqual(parseControl('?t=x&t=a/b&t=a/b&do=explode'), { targets: ['a/b'], action: null })
  assert.deepEqual(toggled(['a/1', 'a/2'], ['a/2', 'a/3'], true), ['a/1', 'a/2', 'a/3'])
  assert.deepEqual(toggled(['a/1', 'a/2'], ['a/2'], false), ['a/1'])
})
