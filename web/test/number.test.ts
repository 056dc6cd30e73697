// Expected texts follow ISO 80000-1: a thin space between groups of three digits, a true minus, a space before the unit.
import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { axisLabels, decimalsFor } from '../src/pages/graph/axis'
import { bytes, chooseScale, digits, figure, MINUS, number, PLAIN, scaledDecimals, THIN } from '../src/format/number'

test('decimals are fixed and rounded', () => {
  assert.equal(number(231.36, 1), '231.4')
  assert.equal(number(5, 3), '5.000')
  assert.equal(number(0.0005, 3), '0.001')
  assert.equal(number(49.999, 2), '50.00')
})

test('thousands are spaced thinly, the fraction is not', () => {
  assert.equal(number(1234567.891, 3), `1${THIN}234${THIN}567.891`)
  assert.equal(number(999, 0), '999')
  assert.equal(number(1000, 0), `1${THIN}000`)
})

test('a negative figure has a minus, a rounded zero has none', () => {
  assert.equal(number(-12.34, 1), `${MINUS}12.3`)
  assert.equal(number(-0.04, 1), '0.0')
  assert.equal(number(-0.06, 1), `${MINUS}0.1`)
})

test('digits are split at the decimal point', () => {
  assert.deepEqual(digits(8421.3, 1), { whole: `8${THIN}421`, fraction: '3' })
  assert.deepEqual(digits(50, 0), { whole: '50', fraction: '' })
})

test('a prefix is chosen from the largest magnitude of a column', () => {
  assert.equal(chooseScale('W', 999.9).prefix, '')
  assert.equal(chooseScale('W', 1000).prefix, 'k')
  assert.equal(chooseScale('VA', 2.5e6).prefix, 'M')
  assert.equal(chooseScale('W', 3e9).prefix, 'G')
})

test('units that are read without a prefix keep none', () => {
  for (const unit of ['A', 'kWh', '°C', '%', 'Hz', 's', '']) assert.equal(chooseScale(unit, 5e6).prefix, '')
})

test('near the border the prefix stays: up at 1000, down only below 800', () => {
  const up = chooseScale('W', 1000, PLAIN)
  assert.equal(up.prefix, 'k')
  assert.equal(chooseScale('W', 900, up).prefix, 'k')
  assert.equal(chooseScale('W', 799, up).prefix, '')
  assert.equal(chooseScale('W', 990, PLAIN).prefix, '')
})

test('under a prefix there are two decimals at most', () => {
  assert.equal(scaledDecimals(1, PLAIN), 1)
  assert.equal(scaledDecimals(1, { divisor: 1e3, prefix: 'k' }), 2)
  assert.equal(scaledDecimals(0, { divisor: 1e6, prefix: 'M' }), 2)
})

test('a figure alone carries its own prefix and unit', () => {
  assert.equal(figure(8421.3, 'W', 1), `8.42${THIN}kW`)
  assert.equal(figure(231.4, 'V', 1), `231.4${THIN}V`)
  assert.equal(figure(0.943, '', 3), '0.943')
  assert.equal(figure(12.3456, 'A', 3), `12.346${THIN}A`)
})

test('bytes are in steps of 1000, like the setting of the space in MB', () => {
  assert.equal(bytes(999), `999${THIN}B`)
  assert.equal(bytes(1500), `1.5${THIN}kB`)
  assert.equal(bytes(48_400_000), `48.4${THIN}MB`)
  assert.equal(bytes(100e6), `100${THIN}MB`)
})

test('an axis has as many decimals as its step needs, and its unit once', () => {
  assert.deepEqual([1, 2.5, 0.25, 0.5, 10, 0.1].map((step) => decimalsFor(step, 1)), [0, 1, 2, 1, 0, 1])
  assert.deepEqual(axisLabels([0, 2500, 5000], 'W', 1), ['0.0', '2.5', `5.0${THIN}kW`])
  assert.deepEqual(axisLabels([246, 246.25, 246.5], 'V', 1), ['246.00', '246.25', `246.50${THIN}V`])
})
