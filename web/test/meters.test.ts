import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Site } from '../src/api/types'
import { fitting, isRemote, type MetersState, metersOf, parseMeters, printMeters, type Readings, sorted } from '../src/pages/meters/model'

const point = (path: string) => ({ path, quantity: path.split('/')[2]!, label: '', kind: 'gauge', unit: '', decimals: 0 })
const component = (device: string, name: string, quantities: string[], kind = name) => ({ name, kind, number: null, label: null, fed_by: null, rated_current: null, points: quantities.map((one) => point(`${device}/${name}/${one}`)) })
const device = (name: string, line: string, unit: number, components: unknown[], more = {}) => ({ name, label: null, role: 'meter', state: 'online', line, unit, profile: 'eastron-sdm630', vendor: 'Eastron', model: 'SDM630', components, ...more })

const site = {
  devices: [
    device('meter-10', 'bus-1', 3, [component('meter-10', 'total', ['real-power', 'energy'])]),
    device('meter-2', 'hall', 7, [component('meter-2', 'total', ['real-power'])], { label: 'Heat pump', state: 'silent' }),
    device('io-1', 'bus-1', 9, [component('io-1', 'pulse-1', ['volume'], 'pulse'), component('io-1', 'pulse-2', ['state'], 'pulse')]),
    device('relay', 'bus-1', 4, [component('relay', 'outlet-1', ['state'], 'outlet')]),
  ],
  lines: [{ name: 'bus-1', kind: 'modbus-rtu' }, { name: 'hall', kind: 'modbus-tcp' }],
} as unknown as Site

const state = (more: Partial<MetersState> = {}): MetersState => ({ wanted: '', place: 'all', sort: 'name', down: false, ...more })
const ids = (list: { id: string }[]) => list.map(({ id }) => id)
const meters = metersOf(site)

test('what measures or counts is a meter, a pulse input too; a relay board is none', () => {
  assert.deepEqual(ids(meters), ['meter-10', 'meter-2', 'io-1/pulse-1'])
  assert.deepEqual(meters.map(isRemote), [false, true, false])
})

test('every word must be found, in whatever column', () => {
  assert.deepEqual(ids(fitting(meters, state({ wanted: 'heat silent' }))), ['meter-2'])
  assert.deepEqual(ids(fitting(meters, state({ wanted: 'sdm630 bus-1' }))), ['meter-10', 'io-1/pulse-1'])
  assert.deepEqual(ids(fitting(meters, state({ wanted: 'sdm630 cellar' }))), [])
  assert.deepEqual(ids(fitting(meters, state({ place: 'remote' }))), ['meter-2'])
})

test('numbers in names count as numbers, unknown stands last both ways', () => {
  const readings = { watts: ({ id }) => ({ 'meter-2': 5, 'meter-10': 70 } as Record<string, number>)[id] ?? null, ageMs: () => null, today: () => undefined } as Readings
  const order = (more: Partial<MetersState>) => ids(sorted(meters, state(more), readings))
  assert.deepEqual(order({}), ['io-1/pulse-1', 'meter-2', 'meter-10'])
  assert.deepEqual(order({ sort: 'power', down: true }), ['meter-10', 'meter-2', 'io-1/pulse-1'])
  assert.deepEqual(order({ sort: 'power' }), ['meter-2', 'meter-10', 'io-1/pulse-1'])
  assert.equal(order({ sort: 'state' })[0], 'meter-2')
})

test('the list and its address are the same thing', () => {
  for (const address of ['/meters', '/meters?q=heat%20pump&place=local&sort=-power', '/meters?sort=-name']) assert.equal(printMeters(parseMeters(address.split('?')[1] ?? '')), address)
  assert.deepEqual(parseMeters('sort=colour&place=moon'), state())
})
