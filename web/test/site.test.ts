import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import type { Component, Device, LineUnit, Site, Value } from '../src/api/types'
import { imbalance, mainsPower, takers } from '../src/model/power'
import { strength } from '../src/model/password'
import { findProblems } from '../src/model/problems'
import { find, type Entry } from '../src/model/search'
import { feedTree } from '../src/model/site'
import { shaped } from '../src/model/site-shape'
import { beatBetween } from '../src/model/strip'
import { familiesOf, sparkPaths } from '../src/pages/device/families'
import { layOut } from '../src/pages/overview/layout'

const NOW = Date.UTC(2026, 10, 21, 12)

function component(name: string, quantities: string[], device: string): Component {
  return {
    name, kind: name.split('-')[0]!, number: Number(name.split('-')[1]) || null, label: null, fed_by: null, rated_current: null,
    points: quantities.map((quantity) => ({ path: `${device}/${name}/${quantity}`, quantity, label: quantity, kind: 'gauge' as const, unit: 'W', decimals: 1 })),
  }
}

function device(name: string, fedBy: string | null, more: Partial<Device> = {}): Device {
  return {
    name, label: null, role: 'meter', state: 'online', reason: null, since: null, line: 'bus-1', unit: 1, profile: null, vendor: null, model: null,
    serial: null, firmware: null, fed_by: fedBy, every_ms: 1000, components: [component('total', ['real-power'], name)], ...more,
  }
}

function siteOf(...devices: Device[]): Site {
  return {
    name: 's', location: null, contact: null, time_zone: 'UTC', time: null, clock_known: true, version: '1', address: null, started: null, revision: 1,
    devices, lines: [{ name: 'bus-1', kind: 'modbus-rtu', state: 'open', reason: null }],
  }
}

function watts(table: Record<string, number | null>, quality: Value['quality'] = 'good') {
  return (path: string): Value | undefined => {
    const found = table[path.split('/').slice(0, 2).join('/')] ?? table[path.split('/')[0]!]
    return found === undefined ? undefined
      : { path, quantity: 'real-power', unit: 'W', value: found, time: new Date(NOW - 4 * 60_000).toISOString(), age_ms: 0, quality, reason: null }
  }
}

test('the feed tree follows fed_by; unknown feeders and rings are cut at the mains', () => {
  const roots = feedTree([device('a', 'mains'), device('b', 'a'), device('c', 'nobody'), device('x', 'y'), device('y', 'x')])
  assert.deepEqual(roots.map((node) => node.device.name), ['a', 'c', 'x'])
  assert.deepEqual(roots[0]!.children.map((node) => node.device.name), ['b'])
  assert.deepEqual(roots[2]!.children.map((node) => node.device.name), ['y'])
})

test('mains power is the sum of what hangs on it, and unknown when a part is unknown', () => {
  const devices = [device('a', 'mains'), device('b', 'mains'), device('c', 'a')]
  assert.equal(mainsPower(devices, watts({ a: 1000, b: 500, c: 400 })), 1500)
  assert.equal(mainsPower(devices, watts({ a: 1000 })), null)
  assert.equal(mainsPower(devices, watts({ a: 1000, b: 500 }, 'bad')), null)
})

test('power is counted once: outlets before their unit, loads before their feeder', () => {
  const pdu = device('pdu', 'a', { role: 'pdu', components: [component('total', ['real-power'], 'pdu'), component('outlet-1', ['real-power'], 'pdu'), component('outlet-2', ['real-power'], 'pdu')] })
  const found = takers([device('a', 'mains'), pdu, device('b', 'a')], watts({ a: 900, b: 300, 'pdu/total': 600, 'pdu/outlet-1': 350, 'pdu/outlet-2': 250 }), 9)
  assert.deepEqual(found.map((one) => one.watts), [350, 300, 250])
})

test('imbalance is the greatest distance from the mean over the mean', () => {
  assert.equal(imbalance([10, 10, 10]), 0)
  assert.equal(imbalance([12, 9, 9]), 0.2)
  assert.equal(imbalance([0, 0, 0]), null)
})

test('problems come in order of harm, one per device and kind', () => {
  const silent = device('m6', 'mains', { state: 'silent', reason: 'time-out on bus-1, unit 7', since: new Date(NOW - 4 * 60_000).toISOString(), unit: 7 })
  const old = device('m5', 'mains', { components: [component('total', ['real-power', 'current', 'voltage'], 'm5')] })
  const found = findProblems(siteOf(old, device('m1', 'mains'), silent),
    (path) => path.startsWith('m5/') ? watts({ m5: 5 }, 'stale')(path) : watts({ m1: 1, m6: 1 })(path),
    { status: 'degraded', version: '1', uptime_s: 1, problems: ['m6 is silent', 'The storage is full.'] }, NOW)
  assert.deepEqual(found.map((one) => one.harm), ['silent', 'health', 'stale'])
  assert.equal(found[0]!.sentence, 'has not answered for 4\u202fmin: time-out on bus-1, unit 7. Other units on bus-1 answer.')
  assert.match(found[2]!.sentence, /^3 values are 4\u202fmin old/)
})

test('devices that are switched off or just starting are no problem', () => {
  const found = findProblems(siteOf(device('a', null, { state: 'disabled' }), device('b', null, { state: 'starting' })), watts({ a: 1, b: 1 }, 'stale'), null, NOW)
  assert.deepEqual(found, [])
})

test('labels that only repeat the name are none', () => {
  const one = device('pdu', 'mains', { label: 'pdu', components: [
    { ...component('outlet-3', [], 'pdu'), label: 'Outlet 3' }, { ...component('phase-a', [], 'pdu'), label: 'Phase A', number: 0 },
    { ...component('outlet-4', [], 'pdu'), label: 'Core switch' }] })
  const [found] = shaped(siteOf(one)).devices
  assert.equal(found!.label, null)
  assert.deepEqual(found!.components.map((each) => each.label), [null, null, 'Core switch'])
  assert.equal(found!.components[1]!.number, null)
})

test('search wants every word and prefers the start of a part', () => {
  const entry = (title: string, detail = ''): Entry => ({ kind: 'point', title, detail, href: title })
  const all = [entry('pdu-a/outlet-3/current'), entry('pdu-a/outlet-13/current'), entry('meter-1/total/current'), entry('meter-1/total/voltage', 'undercurrent')]
  assert.deepEqual(find(all, 'outlet-3 cur', 9).map((hit) => hit.title), ['pdu-a/outlet-3/current'])
  assert.equal(find(all, 'meter current', 9)[0]!.title, 'meter-1/total/current')
  assert.deepEqual(find(all, 'nothing', 9), [])
})

test('a beat is the difference of two looks; counters that ran backwards say nothing', () => {
  const unit = (answers: number, timeouts: number): LineUnit => ({
    device: 'm', unit: 1, state: 'online', polls: 0, answers, timeouts, crc_errors: 0, exceptions: 0, mismatches: 0, late: 0,
    latency_ms: null, retry_in_ms: null, last_error: null, last_error_time: null })
  assert.equal(beatBetween(unit(5, 0), unit(7, 0)), 'answered')
  assert.equal(beatBetween(unit(5, 0), unit(5, 2)), 'silent')
  assert.equal(beatBetween(unit(5, 0), unit(6, 1)), 'mixed')
  assert.equal(beatBetween(unit(5, 0), unit(5, 0)), 'quiet')
  assert.equal(beatBetween(unit(5, 0), unit(0, 0)), null)
})

test('the drawing keeps its boxes inside the sheet and apart from each other', () => {
  const tree = feedTree([device('in', 'mains'), device('p', 'in', { role: 'pdu' }), device('s', 'in', { role: 'supply' }),
    ...Array.from({ length: 9 }, (_, at) => device(`m${at}`, 'in')), device('strip', 'm2', { role: 'pdu' }), device('sub', 'm3')])
  for (const width of [320, 390, 700, 900, 1180, 1900]) {
    const { boxes, height } = layOut(tree, width)
    assert.equal(boxes.length, 15)
    for (const [at, a] of boxes.entries()) {
      assert.ok(a.x >= 0 && a.x + a.width <= width + 0.5, `${a.name} at ${width}`)
      assert.ok(a.y >= 0 && a.y + a.height <= height)
      for (const b of boxes.slice(at + 1)) {
        const apart = a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
        assert.ok(apart, `${a.name} and ${b.name} at ${width}`)
      }
    }
  }
})

test('passwords: common, short and repeated ones are weak, length is strength', () => {
  assert.equal(strength('password1', 'x').score, 0)
  assert.equal(strength('short', 'x').hint, 'length')
  assert.equal(strength('administrator-2026', 'administrator').hint, 'user')
  assert.ok(strength('aaaaaaaaaaaaaaaa', 'x').score <= 1)
  assert.ok(strength('12345678901234', 'x').score <= 1)
  assert.equal(strength('copper kettle morning bird', 'x').score, 4)
})

test('harmonics leave the table of readings for a spectrum, orders as numbers, and draw no last hour', () => {
  const orders = [11, 2, 3].map((order) => `harmonic-current-${order}`)
  const families = familiesOf(device('m', null, { components: [
    component('phase-a', ['current', ...orders], 'm'), component('phase-b', ['current', 'harmonic-current-3', 'harmonic-voltage-5'], 'm'),
  ] }))
  assert.deepEqual(families.map((family) => [family.shape, family.kind]),
    [['meter', 'electric'], ['spectrum', 'harmonic-voltage'], ['spectrum', 'harmonic-current']])
  const meter = families[0]!
  assert.deepEqual(meter.shape === 'meter' && meter.quantities.map((row) => row.quantity), ['current'])
  const current = families[2]!
  assert.deepEqual(current.shape === 'spectrum' && current.orders.map((row) => [row.order, row.points.map((point) => point?.path ?? null)]), [
    [2, ['m/phase-a/harmonic-current-2', null]],
    [3, ['m/phase-a/harmonic-current-3', 'm/phase-b/harmonic-current-3']],
    [11, ['m/phase-a/harmonic-current-11', null]],
  ])
  assert.ok(sparkPaths(families).every((path) => path.endsWith('/current')))
})
