import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { isLive, panned, parseGraph, printGraph, seconds, selected, spanOf, zoomed } from '../src/route/graph-state'
import { parseRoute, safeNext, signInAddress } from '../src/route/route'

test('every path is a page', () => {
  assert.deepEqual(parseRoute('/', ''), { page: 'overview' })
  assert.deepEqual(parseRoute('/device/pdu%20a', ''), { page: 'device', name: 'pdu a' })
  assert.deepEqual(parseRoute('/settings', ''), { page: 'settings', section: null })
  assert.deepEqual(parseRoute('/settings/web', ''), { page: 'settings', section: 'web' })
  assert.deepEqual(parseRoute('/nowhere/at/all', ''), { page: 'unknown', path: '/nowhere/at/all' })
  assert.deepEqual(parseRoute('/device/%E0%A4%A', ''), { page: 'device', name: '%E0%A4%A' })
})

test('after signing in nobody is sent elsewhere', () => {
  assert.equal(safeNext('?next=%2Fdevice%2Fpdu-a'), '/device/pdu-a')
  for (const bad of ['//evil.example', '/\\evil.example', 'https://evil.example', '/sign-in', '']) {
    assert.equal(safeNext(`?next=${encodeURIComponent(bad)}`), '/')
  }
  assert.equal(signInAddress('/graph?p=a/b/c'), '/sign-in?next=%2Fgraph%3Fp%3Da%2Fb%2Fc')
})

test('a graph and its address are the same thing', () => {
  for (const address of [
    '/graph', '/graph?p=meter-1/total/real-power', '/graph?p=a/b/voltage&p=a/b/current&from=-24h',
    '/graph?p=a/b/c&from=1763683200&to=1763686800',
  ]) {
    assert.equal(printGraph(parseGraph(address.split('?')[1] ?? '')), address)
  }
})

test('nonsense in the address falls back, doubles are one', () => {
  assert.deepEqual(parseGraph('p=a&p=a&from=yesterday&to=%00'), { paths: ['a'], from: '-6h', to: 'now' })
})

test('bounds are relative, unix or RFC 3339', () => {
  assert.equal(seconds('now', 1000), 1000)
  assert.equal(seconds('-15m', 1000), 100)
  assert.equal(seconds('-7d', 700_000), 95_200)
  assert.equal(seconds('1763683200', 0), 1_763_683_200)
  assert.equal(seconds('1970-01-01T00:01:00Z', 0), 60)
  assert.equal(seconds('soon', 0), null)
})

const NOW = 1_763_700_000
const state = { paths: ['a'], from: '-1h', to: 'now' }

test('moving back leaves now, moving on stops at now', () => {
  const back = panned(state, -0.5, NOW)
  assert.deepEqual(spanOf(back, NOW), { from: NOW - 5400, to: NOW - 1800 })
  assert.equal(isLive(back), false)
  assert.deepEqual(spanOf(panned(back, 5, NOW), NOW), { from: NOW - 3600, to: NOW })
})

test('zoom halves and doubles around the middle, never beyond now', () => {
  const past = { paths: ['a'], from: String(NOW - 7200), to: String(NOW - 3600) }
  assert.deepEqual(spanOf(zoomed(past, 0.5, NOW), NOW), { from: NOW - 6300, to: NOW - 4500 })
  assert.deepEqual(spanOf(zoomed(state, 2, NOW), NOW), { from: NOW - 7200, to: NOW })
})

test('a selection becomes the span, a slip of the mouse does not', () => {
  assert.deepEqual(spanOf(selected(state, NOW - 600, NOW - 300), NOW), { from: NOW - 600, to: NOW - 300 })
  assert.equal(selected(state, NOW - 1, NOW), state)
})

test('bounds in the wrong order show an hour instead of nothing', () => {
  assert.deepEqual(spanOf({ paths: [], from: 'now', to: 'now' }, NOW), { from: NOW - 3600, to: NOW })
})
