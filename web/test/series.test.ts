import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { HistorySeries } from '../src/api/types'
import { align, append, forgetBefore, fromHistory, summary, type Series } from '../src/model/series'

const bucket = (time: number, avg: number, count = 1, min = avg, max = avg) => ({ time, min, avg, max, last: avg, count })
const series = (stepS: number, buckets: Series['buckets'], path = 'a'): Series => ({ path, stepS, paceS: stepS, buckets })

test('history rows become buckets in seconds; rows without a reading are left out', () => {
  const from: HistorySeries = {
    path: 'm/total/real-power', quantity: 'real-power', unit: 'W', decimals: 1,
    rows: [['1970-01-01T00:01:00Z', 1, 2, 3, 2.5, 4], ['1970-01-01T00:02:00Z', null, null, null, null, 0], [180_000, 4, 5, 6, 5, 1]],
  }
  assert.deepEqual(fromHistory(from, 60).buckets, [
    { time: 60, min: 1, avg: 2, max: 3, last: 2.5, count: 4 },
    { time: 180, min: 4, avg: 5, max: 6, last: 5, count: 1 },
  ])
})

test('a live reading joins the bucket of its time', () => {
  const one = series(60, [bucket(60, 10, 3)])
  assert.ok(append(one, 90_000, 18))
  // (3 × 10 + 18) / 4 = 12
  assert.deepEqual(one.buckets, [{ time: 60, min: 10, avg: 12, max: 18, last: 18, count: 4 }])
})

test('a reading in the next bucket opens it, an old one is refused', () => {
  const one = series(60, [bucket(60, 10)])
  assert.ok(append(one, 121_000, 7))
  assert.equal(one.buckets.length, 2)
  assert.equal(one.buckets[1]!.time, 120)
  assert.equal(append(one, 61_000, 99), false)
})

test('days of the calendar go on from where they began', () => {
  // Two days in Berlin: the first begins at 23:00 UTC, a multiple of nothing.
  const begin = Date.UTC(2026, 10, 20, 23) / 1000
  const one = series(86_400, [bucket(begin, 10)])
  assert.ok(append(one, (begin + 86_399) * 1000, 12))
  assert.equal(one.buckets.length, 1)
  assert.ok(append(one, (begin + 86_401) * 1000, 7))
  assert.deepEqual(one.buckets.map((each) => each.time), [begin, begin + 86_400])
  assert.equal(append(one, (begin - 1) * 1000, 7), false)
})

test('what has left the span is forgotten', () => {
  const one = series(60, [bucket(0, 1), bucket(60, 2), bucket(120, 3), bucket(180, 4)])
  forgetBefore(one, 180)
  assert.deepEqual(one.buckets.map((each) => each.time), [120, 180])
})

test('a gap becomes a null between two buckets', () => {
  const { times, columns } = align([series(60, [bucket(0, 1), bucket(60, 2), bucket(300, 3)])])
  assert.deepEqual(times, [0, 60, 120, 300])
  assert.deepEqual(columns[1], [1, 2, null, 3])
})

test('neighbouring buckets have no null between them', () => {
  const { times } = align([series(60, [bucket(0, 1), bucket(60, 2), bucket(120, 3)])])
  assert.deepEqual(times, [0, 60, 120])
})

test('series share one axis; a missing bucket of one is its gap alone', () => {
  const { times, columns } = align([
    series(60, [bucket(0, 1), bucket(60, 2), bucket(120, 3)], 'a'),
    series(60, [bucket(0, 10), bucket(120, 30)], 'b'),
  ])
  assert.deepEqual(times, [0, 60, 120])
  assert.deepEqual(columns[1], [1, 2, 3])
  assert.deepEqual(columns[4], [10, null, 30])
})

test('a finer step than the pace of recording makes no gaps', () => {
  const slow: Series = { path: 'a', stepS: 2, paceS: 5, buckets: [bucket(0, 1), bucket(4, 2), bucket(10, 3), bucket(30, 4)] }
  const { times, columns } = align([slow])
  assert.deepEqual(times, [0, 4, 10, 12, 30])
  assert.deepEqual(columns[1], [1, 2, 3, null, 4])
})

test('a time of another series is drawn over, not a gap', () => {
  const { columns } = align([series(60, [bucket(0, 1), bucket(60, 2)], 'a'), series(60, [bucket(30, 5)], 'b')])
  assert.deepEqual(columns[1], [1, undefined, 2])
  assert.deepEqual(columns[4], [null, 5, null])
})

test('lowest, average, highest and last over the span; the average weighs by readings', () => {
  const one = series(60, [bucket(0, 100), bucket(60, 10, 3, 5, 20), bucket(120, 20, 1)])
  // (3 × 10 + 20) / 4 = 12.5
  assert.deepEqual(summary(one, 60, 120), { min: 5, avg: 12.5, max: 20, last: 20, lastTime: 120 })
  assert.equal(summary(one, 500, 600), null)
})
