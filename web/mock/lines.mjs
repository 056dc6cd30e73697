// Counters of the mock's lines, growing with time.
import { makeSite } from './site.mjs'

const site = makeSite()
const begin = Date.now() - 3600e3

function unitOf(device) {
  const seconds = (Date.now() - begin) / 1000
  const silent = device.state === 'silent'
  const polls = Math.floor((seconds * 1000) / device.every_ms)
  const timeouts = silent ? Math.floor(seconds / 8) : device.name === 'meter-4' ? Math.floor(seconds / 17) : Math.floor(seconds / 900)
  const exceptions = device.name === 'meter-5' ? Math.floor(polls / 2) : 0
  const median = device.line === 'bus-1' ? 41 + device.unit * 2 : 4
  return {
    device: device.name, unit: device.unit, state: device.state, polls, answers: silent ? 5120 : polls - timeouts - exceptions, timeouts,
    crc_errors: device.name === 'meter-4' ? Math.floor(seconds / 240) : 0, exceptions, mismatches: 0, late: device.name === 'meter-4' ? 3 : 0,
    latency_ms: silent ? null : { median, p99: Math.round(median * 1.8), max: median * 6 },
    retry_in_ms: silent ? 8000 - ((Date.now() - begin) % 8000) : null,
    last_error: silent ? 'no answer within 300 ms' : device.name === 'meter-5' ? 'exception 6: device busy' : device.name === 'meter-4' ? 'CRC of the answer does not match' : null,
    last_error_time: silent || ['meter-4', 'meter-5'].includes(device.name) ? new Date(Date.now() - 3000).toISOString() : null,
  }
}

export function lines() {
  const units = (name) => site.devices.filter((device) => device.line === name).map(unitOf)
  return [
    { name: 'bus-1', kind: 'modbus-rtu', endpoint: '/dev/ttyUSB0 19200 8E1', state: 'open', reason: null, queue: 2, busy_percent: 38, units: units('bus-1') },
    { name: 'pdu-lan', kind: 'modbus-tcp', endpoint: '192.0.2.40:502', state: 'open', reason: null, queue: 0, busy_percent: 4, units: units('pdu-lan') },
    { name: 'bus-2', kind: 'rtu-over-tcp', endpoint: '192.0.2.41:4001', state: 'closed', reason: 'not used by any device', queue: 0, busy_percent: 0, units: [] },
  ]
}

// ---- the bus doctor ---------------------------------------------------------

const NONE = { timeouts: 0, crc_errors: 0, exceptions: 0, mismatches: 0, late: 0, retries: 0, truncated: 0, foreign: 0, doubles: 0, swaps: 0 }

function bell(median) {
  const buckets = []
  for (let to = 1.024; to < median * 8; to *= 2) {
    const away = Math.log2(to / median) - 0.5
    buckets.push({ to_ms: Math.round(to * 1000) / 1000, count: Math.round(9000 * Math.exp(-away * away * 1.6)) })
  }
  while (buckets.length && !buckets[0].count) buckets.shift()
  return buckets
}

const findings = {
  'bus-1': [
    { kind: 'duplicate-address', weight: 'certain', unit: 4, device: 'meter-4', what: 'Two devices answer as unit 4.',
      evidence: '41 second answers to one question, 12 garbled ones',
      way_out: 'Switch one of the two off, give the other one an address of its own, and switch on again. A repeater that is wired in a loop looks the same.' },
    { kind: 'refusals', weight: 'certain', unit: 5, device: 'meter-5', what: 'Unit 5 refuses: it is busy.',
      evidence: '90 of 180 answers are refusals, most with exception 6.', way_out: 'Ask it less often, or set pause_ms of the line.' },
    { kind: 'damaged-line', weight: 'likely', unit: null, device: null, what: 'Answers of 3 of 6 units come damaged.',
      evidence: '44 of 2100 answers garbled or broken off (2.1 %).',
      way_out: 'Terminate both ends of the bus (120 ohms) and no other place, connect the common wire, keep away from motors; a lower speed stands more.' },
  ],
}

const traces = new Map()
let trialBegan = 0

function unitOfDoctor(unit) {
  return {
    device: unit.device, unit: unit.unit,
    recent: unit.device === 'meter-4' ? { ...NONE, timeouts: 3, crc_errors: 12, mismatches: 41, doubles: 41 } : { ...NONE, timeouts: unit.state === 'silent' ? 14 : 0 },
    exceptions: unit.exceptions ? [{ code: 6, name: 'device busy', count: unit.exceptions }] : [],
    latency: unit.latency_ms ? bell(unit.latency_ms.median) : [],
  }
}

export function doctor() {
  return { lines: lines().map((line) => {
    const begun = traces.get(line.name)
    const recorded = begun === undefined ? 0 : Math.floor((Date.now() - begun) / 50)
    return {
      name: line.name, resting: false, recording: begun !== undefined, recorded, recent: NONE,
      load_percent: { control: 0, poll: line.busy_percent * 0.8, gateway: line.busy_percent * 0.2 },
      findings: findings[line.name] ?? [], units: line.units.map(unitOfDoctor),
    }
  }) }
}

export function startTrace(line) { traces.set(line, Date.now()) }
export function endTrace(line) { traces.delete(line) }
export function startTrial() { trialBegan = Date.now() }

export function trial() {
  const tried = Math.min(24, Math.floor((Date.now() - trialBegan) / 150))
  const running = trialBegan && tried < 6
  return {
    state: !trialBegan ? 'none' : running ? 'running' : 'done', line: trialBegan ? 'bus-1' : null, problem: null, tried, settings: 24, units: 4,
    trying: running ? { baud: [9600, 19200, 38400][Math.floor(tried / 3)], parity: ['none', 'even', 'odd'][tried % 3] } : null,
    answered: trialBegan && tried >= 4 ? [{ unit: 4, baud: 19200, parity: 'even' }] : [],
  }
}

export function reach({ host, port }) {
  const fine = (took_ms) => ({ ok: true, took_ms, problem: null })
  if (!/^[0-9.]+$/.test(host)) return { address: null, name: { ok: false, took_ms: 12, problem: 'Name or service not known' }, ping: null, connect: null }
  return { address: host, name: fine(0), ping: fine(1.4), connect: port ? { ok: false, took_ms: 1.2, problem: 'Connection refused' } : null }
}
