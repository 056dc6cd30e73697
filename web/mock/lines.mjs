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
