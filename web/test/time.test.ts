import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { THIN } from '../src/format/number'
import { clock, date, moment, parseTime, span } from '../src/format/time'

test('a span is told in its largest sensible unit', () => {
  assert.equal(span(312), `0.3${THIN}s`)
  assert.equal(span(59_999), `59${THIN}s`)
  assert.equal(span(4 * 60_000 + 12_000), `4${THIN}min`)
  assert.equal(span(3 * 3600_000 + 5 * 60_000), `3${THIN}h 05${THIN}min`)
  assert.equal(span(2 * 86400_000 + 4 * 3600_000), `2${THIN}d 4${THIN}h`)
  assert.equal(span(40 * 86400_000), `40${THIN}d`)
  assert.equal(span(-5), `0.0${THIN}s`)
})

test('clock and date are those of the unit, through a change of daylight saving', () => {
  // 2026-03-29 01:00 UTC: Berlin goes from UTC+1 to UTC+2.
  assert.equal(clock(Date.UTC(2026, 2, 29, 0, 59, 59), 'Europe/Berlin'), '01:59:59')
  assert.equal(clock(Date.UTC(2026, 2, 29, 1, 0, 0), 'Europe/Berlin'), '03:00:00')
  assert.equal(date(Date.UTC(2026, 11, 31, 23, 30), 'Europe/Berlin'), '2027-01-01')
})

test('an unknown zone falls back to UTC', () => {
  assert.equal(clock(Date.UTC(2026, 0, 1, 12), 'Not/AZone'), '12:00:00')
})

test('midnight is 00, not 24', () => {
  assert.equal(clock(Date.UTC(2026, 0, 1), 'UTC'), '00:00:00')
})

test('a moment of today is a clock, another day is named', () => {
  const now = Date.UTC(2026, 10, 21, 12)
  assert.equal(moment(Date.UTC(2026, 10, 21, 2, 28), now, 'UTC'), '02:28')
  assert.equal(moment(Date.UTC(2026, 10, 20, 2, 28), now, 'UTC'), '2026-11-20 02:28')
})

test('API times are text or numbers; nothing is null', () => {
  assert.equal(parseTime('1970-01-01T00:00:01.500Z'), 1500)
  assert.equal(parseTime(42), 42)
  assert.equal(parseTime(null), null)
  assert.equal(parseTime('soon'), null)
})
