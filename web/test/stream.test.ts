import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { gather, liveAddress, lost, parseValues, retryDelay, sentAt, slept } from '../src/api/stream'
import type { Value } from '../src/api/types'
import { ValueTable } from '../src/model/values'

const value = (path: string, number: number | null, more: Partial<Value> = {}): Value => ({
  path, quantity: 'real-power', unit: 'W', value: number, time: '2026-11-21T01:00:00.000Z', age_ms: 0, quality: 'good', reason: null, ...more,
})

test('retries begin soon and end at a ceiling', () => {
  assert.deepEqual([0, 1, 2, 3, 4, 5, 6].map(retryDelay), [500, 1000, 2000, 4000, 8000, 15_000, 15_000])
})

test('contact is lost since the last sign, and stays lost since then', () => {
  const first = lost({ state: 'live' }, 1000)
  assert.deepEqual(first, { state: 'lost', since: 1000 })
  assert.equal(lost(first, 9000), first)
})

test('the stream is taken up where it broke', () => {
  assert.equal(liveAddress('/api/v1', 250, null), '/api/v1/live?interval_ms=250')
  assert.equal(liveAddress('/api/v1', 250, '00ff-12'), '/api/v1/live?interval_ms=250&last_event_id=00ff-12')
})

test('what is no array of values is ignored', () => {
  assert.deepEqual(parseValues('not json'), [])
  assert.deepEqual(parseValues('{"revision":3}'), [])
  assert.equal(parseValues(JSON.stringify([value('a', 1), { nonsense: true }, null])).length, 1)
})

test('the unit tells its time by acquisition plus age', () => {
  assert.equal(sentAt([value('a', 1, { time: null, age_ms: null }), value('b', 1, { age_ms: 312 })]), Date.UTC(2026, 10, 21, 1) + 312)
  assert.equal(sentAt([]), null)
})

test('of two values of one point the newer one is drawn', () => {
  const waiting = gather(gather(new Map(), [value('a', 1), value('b', 2)]), [value('a', 3)])
  assert.deepEqual([...waiting.values()].map((one) => one.value), [3, 2])
})

test('a timer that comes much too late has slept', () => {
  assert.equal(slept(0, 2500, 2000), false)
  assert.equal(slept(0, 3_600_000, 2000), true)
})

test('only who looks at a changed point is told', () => {
  const table = new ValueTable()
  const told: string[] = []
  table.subscribe('a', () => told.push('a'))
  table.subscribe('b', () => told.push('b'))
  table.replace([value('a', 1), value('b', 2)])
  told.length = 0
  table.merge([value('a', 1, { time: '2026-11-21T01:00:01.000Z' }), value('b', 5)])
  assert.deepEqual(told, ['b'])
  table.merge([value('a', 1, { quality: 'stale' })])
  assert.deepEqual(told, ['b', 'a'])
})

test('a snapshot forgets what it does not name', () => {
  const table = new ValueTable()
  table.replace([value('a', 1), value('b', 2)])
  table.replace([value('b', 2)])
  assert.equal(table.get('a'), undefined)
})

test('without a set clock the age still counts', () => {
  const table = new ValueTable()
  table.replace([value('a', 1, { time: null, age_ms: 5000 })])
  const readAt = table.get('a')?.readAt ?? 0
  assert.ok(Math.abs(Date.now() - 5000 - readAt) < 1000)
})
