import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Alarm, AlarmState } from '../src/api/alarms'
import type { Component, Device, Site } from '../src/api/types'
import { calling, merged, NO_COUNTS, worstOf } from '../src/model/alarms'
import { fitsFilter, fitting, limitNumber, parseAlarms, pointOptions, printAlarms, ruleInWords, unitOf } from '../src/pages/alarms/model'
import { kindRows } from '../src/pages/alarms/recipient-rows'
import { families, kindsOf } from '../src/pages/events/model'
import { deedsFor, restOf } from '../src/parts/alarm-row'

function alarm(id: number, path: string, state: AlarmState, more: Partial<Alarm> = {}): Alarm {
  return {
    id, rule: 'r', label: 'Too hot', path, severity: 'warning', state, latched: false, since: `2026-11-21T10:00:0${id}Z`, since_ms: 0, raised: null, value: null, limit: null,
    decimals: 1, unit: '', by: null, by_time: null, shelved_until: null, suppressed_by: null, silent: false, sounding: false, muted: false, times: 1, flapping: false, recipients: [], text: '', ...more,
  }
}

test('news take the place of what was known, in order of harm, and what is normal goes', () => {
  const before = [alarm(1, 'a/x/y', 'tripped'), alarm(2, 'b/x/y', 'pending')]
  const now = merged(before, [alarm(2, 'b/x/y', 'tripped', { severity: 'critical' }), alarm(1, 'a/x/y', 'normal'), alarm(3, 'c/x/y', 'lost')])
  assert.deepEqual(now.map(({ id }) => id), [2, 3])
  assert.deepEqual(merged([], [alarm(1, 'a', 'acknowledged'), alarm(2, 'b', 'tripped'), alarm(3, 'c', 'tripped'), alarm(4, 'd', 'tripped', { silent: true })]).map(({ id }) => id), [3, 2, 1, 4])
})

test('the worst stands at the point, its component and its device; a silent one nowhere', () => {
  const worst = worstOf([alarm(1, 'pdu-a/outlet-5/current', 'pending'), alarm(2, 'pdu-a/outlet-6/current', 'tripped'), alarm(3, 'meter-6', 'lost'), alarm(4, 'dc-1/mains/voltage', 'tripped', { silent: true })])
  const at = (path: string) => worst.get(path)?.id
  assert.deepEqual([at('pdu-a/outlet-5/current'), at('pdu-a/outlet-5'), at('pdu-a'), at('meter-6'), at('dc-1')], [1, 1, 2, 3, undefined])
})

test('only what nobody has seen calls', () => {
  assert.equal(calling({ ...NO_COUNTS, critical: 1, warning: 2, info: 3, acknowledged: 9, lost: 9, pending: 9, silent: 9 }), 6)
})

test('what can be done with an alarm follows from its state', () => {
  assert.deepEqual(deedsFor(alarm(1, 'a', 'tripped')), ['acknowledge', 'shelve'])
  assert.deepEqual(deedsFor(alarm(1, 'a', 'acknowledged')), ['shelve'])
  assert.deepEqual(deedsFor(alarm(1, 'a', 'tripped', { sounding: true })), ['acknowledge', 'mute', 'shelve'], 'only what sounds is muted')
  assert.deepEqual(deedsFor(alarm(1, 'a', 'tripped', { latched: true })), ['clear', 'shelve'])
  assert.deepEqual(deedsFor(alarm(1, 'a', 'lost', { shelved_until: '2026-11-21T12:00:00Z' })), ['unshelve'])
})

test('a sentence does not repeat what stands before it', () => {
  assert.equal(restOf(alarm(1, 'a/b/c', 'tripped', { text: 'Too hot: a/b/c is 41 °C, over 40 °C' })), 'is 41 °C, over 40 °C')
  assert.equal(restOf(alarm(1, 'a', 'tripped', { text: 'a has not answered for 4 min' })), 'has not answered for 4 min')
  assert.equal(restOf(alarm(1, 'a', 'tripped', { text: 'Something else.' })), 'Something else.')
})

test('the list of alarms lives in its address', () => {
  const view = { all: true, severity: 'critical', device: 'pdu-a' }
  assert.equal(printAlarms(view), '/alarms?show=all&severity=critical&device=pdu-a')
  assert.deepEqual(parseAlarms('?show=all&severity=critical&device=pdu-a'), view)
  assert.equal(printAlarms({ all: false, severity: '', device: '' }), '/alarms')
  assert.ok(fitsFilter(alarm(1, 'pdu-a/x/y', 'tripped', { severity: 'critical' }), view))
  assert.ok(!fitsFilter(alarm(1, 'pdu-a/x/y', 'tripped'), view))
  assert.ok(!fitsFilter(alarm(1, 'pdu-ab/x/y', 'tripped', { severity: 'critical' }), view))
})

function outlet(number: number): Component {
  return {
    name: `outlet-${number}`, kind: 'outlet', number, label: null, fed_by: null, rated_current: null,
    points: [{ path: `pdu-a/outlet-${number}/current`, quantity: 'current', label: 'Current', kind: 'gauge', unit: 'A', decimals: 1 },
      { path: `pdu-a/outlet-${number}/state`, quantity: 'state', label: 'State', kind: 'state', unit: '', decimals: 0 }],
  }
}

const here = { devices: [{ name: 'pdu-a', label: 'Rack', components: [outlet(1), outlet(2)] } as unknown as Device], lines: [] } as unknown as Site

test('points are offered one by one, as patterns, and for lost contact as devices', () => {
  const values = pointOptions(here, false).map(({ value }) => value)
  assert.deepEqual(values, ['pdu-a/outlet-*/current', 'pdu-a/outlet-*/state', 'pdu-a/outlet-1/current', 'pdu-a/outlet-1/state', 'pdu-a/outlet-2/current', 'pdu-a/outlet-2/state'])
  assert.deepEqual(pointOptions(here, true).slice(0, 2).map(({ value }) => value), ['*', 'pdu-a'])
})

test('what a pattern is about, and the unit that all of it has', () => {
  const currents = fitting('pdu-a/outlet-*/current', here)
  assert.deepEqual(currents, ['pdu-a/outlet-1/current', 'pdu-a/outlet-2/current'])
  assert.equal(unitOf(currents, here), 'A')
  assert.equal(unitOf(fitting('pdu-a/*/*', here), here), '', 'amperes and states have none in common')
  assert.deepEqual(fitting('pdu-*', here), ['pdu-a'])
})

test('a rule is one sentence', () => {
  const words = (values: Record<string, string>) => ruleInWords((key) => values[key] ?? '', 'x/y/z', 'A')
  assert.equal(words({ when: 'over', limit: '16', recover: '15', for: '10 s' }), 'x/y/z: alarm when the reading is over 16\u202fA for 10 s; over when back at 15\u202fA.')
  assert.equal(words({ when: 'lost', for: '0 s' }), 'x/y/z: alarm when contact is lost.')
  assert.equal(words({ when: 'rate-over', limit: '5', per: 'minute', for: '0 s', latch: 'true' }), 'x/y/z: alarm when it changes faster than 5\u202fA a minute; it stays until a person clears it.')
  assert.equal(words({ when: 'equals', limit: 'open', for: '0 s' }), 'x/y/z: alarm when the reading is open.')
})

test('limits are drawn in the unit of the point', () => {
  assert.equal(limitNumber('40'), 40)
  assert.equal(limitNumber('-1,5'), -1.5)
  // 150 °F are 65.56 °C
  assert.ok(Math.abs(limitNumber('150 °F') - 65.5556) < 1e-3)
  assert.equal(limitNumber('40 °C'), 40)
  for (const none of ['open', '15 min', '']) assert.ok(Number.isNaN(limitNumber(none)))
})

test('a recipient is asked for what its kind needs', () => {
  const rows = (kind: string, more: Record<string, string> = {}) => kindRows(kind, (key) => more[key] ?? '')
  assert.deepEqual(rows('mail'), ['address', 'form'])
  assert.ok(rows('trap', { version: 'v2c' }).includes('community'))
  assert.ok(!rows('trap', { version: 'v3' }).includes('community'))
  assert.ok(rows('trap', { version: 'v3' }).includes('privacy_password'))
  assert.ok(!rows('trap', { version: 'v1' }).includes('inform'))
  assert.ok(rows('syslog', { transport: 'tls' }).includes('ca'))
  assert.ok(!rows('syslog', { transport: 'udp' }).includes('ca'))
})

test('a family of events is asked for by its kinds', () => {
  const all = ['alarm-raised', 'alarm-cleared', 'alarm-shelved', 'start'].map((name) => ({ name, severity: 'info', label: name, help: '' }))
  assert.deepEqual(families(all), ['alarm-*'])
  assert.deepEqual(kindsOf('alarm-*', all), ['alarm-raised', 'alarm-cleared', 'alarm-shelved'])
  assert.equal(kindsOf('start', all), 'start')
})
