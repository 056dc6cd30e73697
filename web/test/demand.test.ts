import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Demand } from '../src/api/demand'
import { daysOf, demandId, historyPath, parseDemand, passed, printDemand, scalesOf } from '../src/pages/energy/demand-model'
import { bounds, strokes, ticks } from '../src/parts/readings-picture'

const demand = (more: Partial<Demand> = {}): Demand => ({
  source: 'meter-1/total/real-power', kind: 'block', window_s: 900, point: 'meter-1/total/real-power-demand', peak_point: null, unit: 'W', last: null, last_time: null, running: null,
  ends: null, peak: null, peak_time: null, month_peak: null, month_peak_time: null, least: null, least_time: null, since: null, ...more,
})

test('the page on demand and its address are the same thing', () => {
  for (const address of ['/energy/demand', '/energy/demand?days=7', '/energy/demand?of=sliding:meter-1/total/real-power&days=30']) assert.equal(printDemand(parseDemand(address.split('?')[1] ?? '')), address)
  assert.deepEqual(parseDemand('days=8&of='), { of: '', days: 1 })
  assert.notEqual(demandId(demand()), demandId(demand({ kind: 'extremes' })), 'one point may have both')
})

test('how far a window has gone: a block from 0 to 1, one that slides never', () => {
  assert.equal(passed(demand({ ends: 1900 }), 1000), 0)
  assert.equal(passed(demand({ ends: 1900 }), 1450), 0.5)
  assert.equal(passed(demand({ ends: 1900 }), 2000), 1, 'late news is no more than the whole')
  assert.equal(passed(demand({ ends: null }), 1000), null)
  assert.equal(passed(demand({ ends: 1900, kind: 'sliding' }), 1450), null)
})

test('history is that of busbar’s own point, else of the meter’s', () => {
  assert.equal(historyPath(demand(), () => false), 'meter-1/total/real-power-demand')
  assert.equal(historyPath(demand({ point: null }), (path) => path === 'meter-1/total/real-power-demand'), 'meter-1/total/real-power-demand')
  assert.equal(historyPath(demand({ point: null, source: 'meter-1/total/energy' }), (path) => path === 'meter-1/total/real-power-demand'), 'meter-1/total/real-power-demand')
  assert.equal(historyPath(demand({ point: null }), () => false), null)
})

test('one prefix a unit, from the largest figure of the table', () => {
  const scales = scalesOf([demand({ running: 400 }), demand({ peak: 12_000 }), demand({ unit: 'A', peak: 9000 })])
  assert.equal(scales.get('W')!.prefix, 'k')
  assert.equal(scales.get('A')!.prefix, '')
})

const series = (...rows: [number, number][]) => ({ path: 'p', stepS: 900, paceS: 900, buckets: rows.map(([time, value]) => ({ time, min: value, avg: value, max: value, last: value, count: 1 })) })

test('the highest of each day, the latest day first, the first of equals', () => {
  const days = daysOf(series([0, 5], [900, 9], [1800, 9], [86_400, 3]), (seconds) => String(Math.floor(seconds / 86_400)))
  assert.deepEqual(days, [{ day: '1', most: 3, at: 86_400 }, { day: '0', most: 9, at: 900 }])
})

test('lines of time are those of the site’s clock, on days on which clocks change too', () => {
  // 2026-10-25: at 03:00 summer time clocks in Berlin go back to 02:00. Midnights are 22:00 and 23:00 UTC.
  const midnight = Date.UTC(2026, 9, 24, 22) / 1000
  const found = ticks(midnight - 60, midnight + 25 * 3600 + 60, 300, 'Europe/Berlin')
  assert.deepEqual(found.filter(({ words }) => words.includes('-')).map(({ at, words }) => [at - midnight, words]), [[0, '10-25'], [25 * 3600, '10-26']])
  assert.ok(found.every(({ words }) => /^\d\d-\d\d$|:00$/.test(words)), JSON.stringify(found))
  assert.deepEqual(ticks(0, 7200, 1000, 'UTC').map(({ words }) => words), ['01-01', '01:00'])
})

test('a gap is not drawn through, and what is drawn across is inside the picture', () => {
  const drawn = strokes(series([0, 1], [900, 2], [9000, 3]), { x: (s) => s, y: (v) => v })
  assert.equal(drawn.line.match(/M/g)!.length, 2)
  const [low, high] = bounds(series([0, 1]), [NaN, 20])
  assert.ok(low < 1 && high > 20)
  assert.deepEqual(bounds(null, []), [0, 1])
})
