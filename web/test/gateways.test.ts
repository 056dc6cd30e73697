import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Gateway, GatewayCounts } from '../src/api/gateways'
import { clientKey, lookAt, lostOf, lostWords, rateOf, routesOf } from '../src/pages/gateways/model'

const counts = (more: Partial<GatewayCounts> = {}): GatewayCounts => ({ requests: 0, answered: 0, merged: 0, remembered: 0, refused: 0, unreachable: 0, silent: 0, busy: 0, writes: 0, ...more })

test('routes are told apart: ranges, another first unit, busbar itself, a whole line', () => {
  const route = (units: string | null, line: string, more = {}) => ({ units, line, first: null, own: false, sunspec: false, ...more })
  assert.deepEqual(routesOf('1-31 bus-1, 101-131 bus-2/1, 200 @pdu-a, 201 sunspec@meter-1,  bus-3 '), [
    route('1-31', 'bus-1'), route('101-131', 'bus-2', { first: '1' }), route('200', 'pdu-a', { own: true }), route('201', 'meter-1', { own: true, sunspec: true }), route(null, 'bus-3'),
  ])
  assert.deepEqual(routesOf(''), [])
})

test('what was not answered is summed and named', () => {
  const some = counts({ requests: 100, answered: 90, refused: 3, silent: 7 })
  assert.equal(lostOf(some), 10)
  assert.deepEqual(lostWords(some, String), ['refused 3', 'unit silent 7'])
  assert.deepEqual(lostWords(counts(), String), [])
})

test('a rate needs two looks, and is none when the counters began anew', () => {
  const client = { address: '192.0.2.7', port: 40112, connected_ms: 0, quiet_ms: null, underway: 0, counts: counts({ requests: 10 }) }
  const gateway = { name: 'main', counts: counts({ requests: 50 }), clients: [client] } as unknown as Gateway
  const later = { ...gateway, counts: counts({ requests: 80 }), clients: [{ ...client, counts: counts({ requests: 16 }) }] }
  const [first, second] = [lookAt([gateway], 1000), lookAt([later], 4000)]
  assert.equal(rateOf(first, second, 'main'), 10)
  assert.equal(rateOf(first, second, clientKey(gateway, client)), 2)
  assert.equal(rateOf(first, first, 'main'), null)
  assert.equal(rateOf(second, lookAt([gateway], 9000), 'main'), null)
  assert.equal(rateOf(first, second, 'main 192.0.2.9 1'), null)
})
