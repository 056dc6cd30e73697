import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Line, LineUnit } from '../src/api/types'
import { lampsOf } from '../src/model/lamps'
import { splitHost } from '../src/model/host'

const unit = (polls: number, answers: number) => ({ polls, answers, crc_errors: 0, mismatches: 0, late: 0 }) as LineUnit
const line = (state: string, units: LineUnit[]) => ({ name: state, state, units }) as Line

test('lamps are made of two looks', () => {
  const before = [line('open', [unit(10, 10)])]
  assert.deepEqual(lampsOf(null, before), { power: 'on', receive: 'off', transmit: 'off', link: 'on' })
  assert.deepEqual(lampsOf(before, [line('open', [unit(12, 10)])]), { power: 'on', receive: 'off', transmit: 'active', link: 'on' })
  assert.equal(lampsOf(before, [line('open', [unit(12, 12)])]).receive, 'active')
})

test('link tells whether all lines that are used are open', () => {
  assert.equal(lampsOf(null, [line('open', [unit(1, 1)]), line('failing', [unit(1, 0)])]).link, 'some')
  assert.equal(lampsOf(null, [line('failing', [unit(1, 0)])]).link, 'off')
  assert.equal(lampsOf(null, [line('open', [unit(1, 1)]), line('closed', [])]).link, 'on')
})

test('a host may carry a port', () => {
  assert.deepEqual(splitHost(' gw.example:502 '), { host: 'gw.example', port: 502 })
  assert.deepEqual(splitHost('192.0.2.10'), { host: '192.0.2.10' })
  assert.deepEqual(splitHost('2001:db8::1'), { host: '2001:db8::1' })
  assert.deepEqual(splitHost('[2001:db8::1]:502'), { host: '2001:db8::1', port: 502 })
  assert.deepEqual(splitHost('[2001:db8::1]'), { host: '2001:db8::1' })
})
