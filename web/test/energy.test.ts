import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Energy, EnergyRow } from '../src/api/energy'
import { changeWords, currencySign, hourName, money, periodName, stepShort, usedDecimals } from '../src/format/period'
import { compare, dayAfter, ordered, rangeOf, scaleOf, shadeOf, subjectOf, weeksOf } from '../src/pages/energy/model'
import { parseCalendar, parseEnergy, printCalendar, printEnergy } from '../src/route/energy-state'

const row = (id: string, used: number | null, more: Partial<EnergyRow> = {}): EnergyRow =>
  ({ id, name: id, medium: 'electricity', unit: 'kWh', point: null, used, before: null, before_full: null, cost: null, co2_kg: null, ...more })

test('an energy page and its address are the same thing', () => {
  for (const address of ['/energy', '/energy?period=month&at=2026-02-01&of=meter-1', '/energy?by=group&medium=water', '/energy?period=year&group=it&of=io-1/pulse-1']) {
    assert.equal(printEnergy(parseEnergy(address.split('?')[1] ?? '')), address)
  }
  assert.equal(printEnergy(parseEnergy('period=century&at=2026-13-40&by=colour')), '/energy')
  for (const address of ['/energy/calendar', '/energy/calendar?of=meter-1&year=2025']) assert.equal(printCalendar(parseCalendar(address.split('?')[1] ?? '')), address)
})

test('meters stand below the meter that counts them, the largest first, and none is lost in a ring', () => {
  const rows = [row('small', 1, { within: 'main' }), row('main', 9), row('large', 5, { within: 'main' }), row('deep', 2, { within: 'large' }), row('silent', null, { within: 'main' }), row('orphan', 3, { within: 'gone' })]
  assert.deepEqual(ordered(rows).map((one) => `${one.depth} ${one.row.id}`), ['0 main', '1 large', '2 deep', '1 small', '1 silent', '0 orphan'])
  assert.deepEqual(ordered([row('a', 1, { within: 'b' }), row('b', 1, { within: 'a' })]).length, 2)
})

test('what was not read is not compared: a gap is no saving', () => {
  assert.deepEqual(compare(row('a', 80, { before: 100 })), { share: 80 / 100 - 1 })
  assert.deepEqual(compare(row('a', 80, { before: 100, covered: 0.6 })), { missing: 'now' })
  assert.deepEqual(compare(row('a', 80, { before: 100, before_covered: 0.2 })), { missing: 'before' })
  assert.deepEqual(compare(row('a', null, { before: 100 })), { missing: 'now' })
  assert.equal(compare(row('a', 80)), null)
  assert.equal(compare(row('a', 80, { before: 0 })), null)
})

const energy = {
  period: 'day', by: 'meter', from: 0, to: 7200, now: 3600, before_from: -7200, before_to: -3600, currency: 'EUR', rows: [row('a', 1), row('b', 2)],
  totals: [{ ...row('', 1), medium: 'electricity' }, { ...row('', 3), medium: 'water' }],
  steps: [
    { from: 0, to: 3600, used: [1, 2], before: [null, 4], covered: [1, 0.5], totals: [1, 3], totals_before: [2, 2] },
    { from: 3600, to: 7200, used: [null, null], before: [1, 1], totals: [null, null], totals_before: [2, 2] },
  ],
} as unknown as Energy

test('the bars are of the row that is asked for, else of the first sum; unknown is not zero', () => {
  const b = subjectOf(energy, 'b', (medium) => medium)!
  assert.deepEqual(b.bars.map(({ used, before, covered, future }) => [used, before, covered, future]), [[2, 4, 0.5, false], [null, 1, 0, true]])
  assert.equal(subjectOf(energy, '', (medium) => medium)!.id, 'sum:electricity')
  assert.equal(subjectOf(energy, 'sum:water', (medium) => medium)!.bars[0]!.used, 3)
  const older = { ...energy, steps: energy.steps.map(({ totals, ...step }) => step) }
  assert.equal(subjectOf(older, '', (medium) => medium)!.id, 'a')
})

test('scales end at numbers that people divide', () => {
  assert.deepEqual(scaleOf(0), { top: 1, lines: [0, 1] })
  assert.deepEqual(scaleOf(7.3).lines, [0, 2, 4, 6, 8])
  assert.deepEqual(scaleOf(100).lines, [0, 25, 50, 75, 100])
  for (const largest of [0.031, 1, 3.4, 99.9, 12345]) {
    const { top, lines } = scaleOf(largest)
    assert.ok(top >= largest && top < largest * 1.6 && lines.length <= 6, `${largest}: ${lines}`)
  }
})

test('months are weeks from Monday on', () => {
  // February 2026 begins on a Sunday, August 2026 on a Saturday and has 31 days: six weeks.
  const february = weeksOf(2026, 1)
  assert.deepEqual(february[0]!.map((cell) => cell?.day ?? 0), [0, 0, 0, 0, 0, 0, 1])
  assert.equal(february.length, 5)
  assert.equal(weeksOf(2026, 7).length, 6)
  assert.equal(weeksOf(2024, 1).flat().filter(Boolean).length, 29)
  assert.equal(dayAfter('2026-12-31', 1), '2027-01-01')
  assert.equal(dayAfter('2026-03-01', -1), '2026-02-28')
})

test('shades go from the least to the largest whole day; nothing used has one of its own', () => {
  const day = (used: number | null, covered = 1) => ({ date: '2026-01-01', used, cost: null, covered })
  const range = rangeOf([day(20), day(120), day(3, 0.4), day(null, 0)])
  assert.deepEqual(range, { least: 20, most: 120 })
  assert.deepEqual([0, 3, 20, 41, 70, 119, 120, 500].map((used) => shadeOf(used, range)), [0, 1, 1, 2, 3, 5, 5, 5])
  assert.equal(shadeOf(7, rangeOf([day(7)])), 3)
})

test('periods are named in the zone of the unit', () => {
  const s = (text: string) => Date.parse(text) / 1000
  const zone = 'Europe/Berlin'
  assert.equal(periodName('day', s('2026-11-20T23:00:00Z'), s('2026-11-21T23:00:00Z'), zone), 'Sat 21 Nov 2026')
  assert.equal(periodName('week', s('2026-11-15T23:00:00Z'), s('2026-11-22T23:00:00Z'), zone), '16 to 22 Nov 2026')
  assert.match(periodName('week', s('2026-09-27T22:00:00Z'), s('2026-10-04T22:00:00Z'), zone), /^28 Sept? to 4 Oct 2026$/)
  assert.equal(periodName('month', s('2026-10-31T23:00:00Z'), s('2026-11-30T23:00:00Z'), zone), 'November 2026')
  assert.equal(periodName('year', s('2025-12-31T23:00:00Z'), s('2026-12-31T23:00:00Z'), zone), '2026')
  // The night in which clocks go back has two hours from 02:00 on.
  assert.deepEqual([0, 1].map((hour) => hourName(s('2026-10-25T00:00:00Z') + hour * 3600, zone)), ['02:00', '02:00'])
  assert.equal(stepShort('week', s('2026-11-15T23:00:00Z'), zone), 'Mon')
})

test('figures have as many decimals as they need, and money its sign', () => {
  assert.deepEqual([0.4, 4, 400, 4000].map(usedDecimals), [3, 2, 1, 0])
  assert.equal(money(1517.2, 'EUR'), '1\u202f517.20\u202f€')
  assert.equal(currencySign('XAU!'), 'XAU!')
  assert.deepEqual([0.137, -0.2, 0, 0.001, 14].map(changeWords), ['+14\u202f%', '−20\u202f%', '±0\u202f%', '±0\u202f%', '15\u202f×'])
})
