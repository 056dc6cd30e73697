import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Outlet } from '../src/api/switching'
import { withOutlets } from '../src/model/powered'

const outlet = (path: string, powered: boolean | null, powered_reason: string | null = null) => ({ path, powered, powered_reason }) as Outlet

test('outlets without power are known with their reason; what nobody knows is not marked', () => {
  const one = withOutlets(new Map(), [outlet('a/outlet-1', false, 'open'), outlet('a/outlet-2', null, 'who knows'), outlet('a/outlet-3', true)], 'a')
  assert.deepEqual([...one], [['a/outlet-1', 'open']])
  const both = withOutlets(one, [outlet('b/outlet-1', false)], 'b')
  assert.deepEqual([...both.keys()], ['a/outlet-1', 'b/outlet-1'], 'another device is left as it was')
  assert.equal(withOutlets(both, [outlet('b/outlet-1', false)], 'b'), both, 'nothing new draws nothing')
  assert.deepEqual([...withOutlets(both, [outlet('b/outlet-1', false)], null).keys()], ['b/outlet-1'], 'all were read: what is not told has power')
  assert.deepEqual([...withOutlets(both, [outlet('a/outlet-1', true)], 'a').keys()], ['b/outlet-1'])
})
