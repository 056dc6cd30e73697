// Readings as a function of path and time, so that history and live agree and energy is the integral of power.
import { makeSite } from './site.mjs'

function hash(text) {
  let h = 2166136261
  for (const c of text) h = Math.imul(h ^ c.charCodeAt(0), 16777619)
  h = Math.imul(h ^ (h >>> 15), 2246822507)
  h = Math.imul(h ^ (h >>> 13), 3266489909)
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32
}

/** Slow waves with phases of their own: smooth, never quite the same, without state. */
function wave(seed, s, size) {
  const p = hash(seed) * 6.283
  return size * (0.5 * Math.sin(s / 86400 * 6.283 + p) + 0.3 * Math.sin(s / 2711 * 6.283 + 2 * p) + 0.2 * Math.sin(s / 313 * 6.283 + 3 * p))
}

function noise(seed, s, size) {
  return size * (hash(`${seed}${Math.floor(s)}`) - 0.5) * 2
}

const OFF_OUTLETS = new Set([22, 23])
const OUTLET_W = [88, 92, 64, 61, 240, 236, 251, 180, 410, 395, 402, 388, 371, 120, 402, 399, 310, 145, 22, 31, 75, 0, 0, 9]

function outletWatts(number, s) {
  if (OFF_OUTLETS.has(number)) return 0
  const base = OUTLET_W[number - 1]
  const batch = number >= 9 && number <= 16 ? Math.max(0, Math.sin(s / 5400 + number)) * 90 : 0
  return Math.max(0, base + wave(`o${number}`, s, base * 0.06) + batch + noise(`o${number}`, s, base * 0.01))
}

const CIRCUITS = { a: [1, 4], b: [2, 5], c: [3, 6] }

function circuitWatts(number, s) {
  let sum = 0
  for (let at = 0; at < 4; at++) sum += outletWatts((number - 1) * 4 + at + 1, s)
  return sum
}

function phaseWatts(device, phase, s) {
  if (device === 'pdu-a') return CIRCUITS[phase].reduce((sum, number) => sum + circuitWatts(number, s), 0)
  if (device === 'meter-2') return phaseWatts('pdu-a', phase, s) + 14
  if (device === 'meter-4') return 620 + 380 * Math.max(0, Math.sin(s / 1500)) + noise(`m4${phase}`, s, 6)
  if (device === 'meter-6') return 900 + wave(`m6${phase}`, s, 300)
  const others = phase === 'a' ? totalWatts('meter-3', s) : phase === 'b' ? totalWatts('meter-5', s) : 0
  return phaseWatts('meter-2', phase, s) + phaseWatts('meter-4', phase, s) + others + phaseWatts('meter-6', phase, s)
}

export function totalWatts(device, s) {
  if (device === 'meter-3') return 312 + wave('m3', s, 60) + noise('m3', s, 2)
  if (device === 'meter-5') return 180 + 220 * (Math.sin(s / 7000) > 0.2 ? 1 : 0) + noise('m5', s, 3)
  if (device === 'dc-1') return totalWatts('meter-3', s) - 3
  return ['a', 'b', 'c'].reduce((sum, phase) => sum + phaseWatts(device, phase, s), 0)
}

const volts = (phase, s) => 230.6 + wave(`v${phase}`, s, 2.4) + noise(`v${phase}`, s, 0.25)
const factor = (seed) => 0.93 + hash(seed) * 0.05

function electric(quantity, watts, phase, s, seed) {
  const pf = factor(seed)
  switch (quantity) {
    case 'voltage': return volts(phase, s)
    case 'voltage-average': return (volts('a', s) + volts('b', s) + volts('c', s)) / 3
    case 'voltage-max': return volts(phase, s) + 1.4
    case 'current': return watts / pf / volts(phase, s)
    case 'current-max': return (watts / pf / volts(phase, s)) * 1.18
    case 'real-power': return watts
    case 'real-power-demand': return demandAt(seed, Math.floor(s / WINDOW_S))
    case 'real-power-demand-peak': return demandPeak(seed, s).number
    case 'apparent-power': return watts / pf
    case 'reactive-power': return watts * Math.tan(Math.acos(pf))
    case 'power-factor': return watts ? pf : 0
    case 'frequency': return 50 + wave('hz', s, 0.025) + noise('hz', s, 0.004)
    case 'thd-voltage': return 2.1 + wave(`t${seed}`, s, 0.4)
    case 'thd-current': return 9 + wave(`i${seed}`, s, 3)
    case 'energy': return energy(seed, watts, s)
    default: return null
  }
}

export const WINDOW_S = 900
const windows = new Map()

/** Average of the quarter of an hour that ended when window `at` began. */
export function demandAt(device, at) {
  const key = `${device} ${at}`
  if (!windows.has(key)) windows.set(key, Array.from({ length: 15 }, (_, minute) => totalWatts(device, (at - 1) * WINDOW_S + 30 + 60 * minute)).reduce((sum, one) => sum + one, 0) / 15)
  return windows.get(key)
}

/** Of the last two days: { number, time }. */
export function demandPeak(device, s) {
  const last = Math.floor(s / WINDOW_S)
  let peak = { number: -Infinity, time: 0 }
  for (let at = last - 191; at <= last; at++) if (demandAt(device, at) > peak.number) peak = { number: demandAt(device, at), time: at * WINDOW_S }
  return peak
}

const EPOCH = Date.UTC(2025, 0, 1) / 1000

/** A mean load of its own per counter, so that it never runs backwards, with the day's rhythm on top. */
function energy(seed, watts, s) {
  const mean = /^o\d/.test(seed) ? Number(OUTLET_W[Number(seed.slice(1)) - 1]) : 400 + 2400 * hash(seed)
  return (mean / 1000) * ((s - EPOCH) / 3600 + 0.3 * Math.sin(s / 2000 + 6 * hash(seed)))
}

/** Battery: charging after a short outage this morning. */
function supply(component, quantity, s) {
  const watts = totalWatts('dc-1', s)
  const chargeW = 46
  const charge = Math.min(100, 71 + ((s % 43200) / 43200) * 29)
  const table = {
    mains: { voltage: volts('a', s), current: watts / 230 / 0.96, 'real-power': watts },
    supply: { state: 1, voltage: 13.62 + noise('dc', s, 0.02), current: watts * 0.9 / 13.6, 'real-power': watts * 0.9, temperature: 38 + wave('dct', s, 3) },
    battery: {
      voltage: 13.58 + noise('bv', s, 0.01), current: chargeW / 13.58, charge, runtime: 60 * Math.round(charge * 1.9),
      charging: 1, health: 94.2, temperature: 24 + wave('bt', s, 2),
    },
    'output-2': { state: 1, level: 35 },
    'pulse-1': { 'volume-reading': 0.041 * ((s - EPOCH) / 3600), volume: 0.041 * ((s - EPOCH) / 3600), flow: 0.041 + wave('w', s, 0.03) },
    'output-1': { state: 1, current: (watts * 0.9 - chargeW) / 13.6, 'real-power': watts * 0.9 - chargeW },
  }
  return table[component]?.[quantity] ?? null
}

export function reading(path, s) {
  const [device, component, quantity] = path.split('/')
  if (device === 'dc-1') return supply(component, quantity, s)
  if (component === 'sensor-1') return quantity === 'humidity' ? 41 + wave('h', s, 6) : 22.4 + wave('t1', s, 1.2)
  if (component === 'sensor-2') return 34.8 + wave('t2', s, 2)
  const outlet = /^outlet-(\d+)$/.exec(component)
  if (outlet) {
    const number = Number(outlet[1])
    if (quantity === 'state') return OFF_OUTLETS.has(number) ? 0 : 1
    return electric(quantity, outletWatts(number, s), 'a', s, `o${number}`)
  }
  const circuit = /^circuit-(\d+)$/.exec(component)
  if (circuit) return electric(quantity, circuitWatts(Number(circuit[1]), s), 'b', s, `c${circuit[1]}`)
  const phase = /^phase-([abc])$/.exec(component)?.[1]
  if (phase) return electric(quantity, phaseWatts(device, phase, s), phase, s, `${device}${phase}`)
  const single = device === 'meter-3' || device === 'meter-5'
  const watts = totalWatts(device, s)
  if (quantity === 'current' && !single) return watts / 0.95 / 230.6
  return electric(quantity, watts, 'a', s, device)
}

const STATE_TEXT = { state: { 0: 'off', 1: 'on' }, charging: { 0: 'resting', 1: 'charging', 2: 'discharging' } }

const site = makeSite()
export const points = new Map(site.devices.flatMap((device) =>
  device.components.flatMap((one) => one.points.map((point) => [point.path, { device, point }]))))

/** meter-5 answers, but its clock ran away: its values are old. meter-6 is silent since a while. */
const OLD = { 'meter-5': 96, 'meter-6': 252 }
const begin = Date.now() / 1000

export function value(path, s = Date.now() / 1000) {
  const { device, point } = points.get(path)
  const old = OLD[device.name]
  const every = device.every_ms / 1000
  const at = old ? begin - old : Math.floor(s / every) * every
  const base = { path, quantity: point.quantity, unit: point.unit, time: new Date(at * 1000).toISOString(), age_ms: Math.round((s - at) * 1000) }
  if (point.quantity === 'energy-export') return { ...base, value: null, time: null, age_ms: null, quality: 'absent', reason: 'The meter measures one direction only.' }
  if (path === 'pdu-a/outlet-23/state') return { ...base, value: null, quality: 'absent', reason: 'The relay board of outlet 23 does not report its contact.' }
  if (path === 'pdu-a/sensor-2/temperature') return { ...base, value: null, quality: 'bad', reason: 'The sensor reports −127.0 °C: its wire is open. Check the plug of sensor 2.' }
  const raw = reading(path, at)
  const rounded = raw === null ? null : Number(raw.toFixed(point.decimals))
  const text = STATE_TEXT[point.quantity]?.[rounded]
  const full = { ...base, value: rounded, ...(text ? { text } : {}), quality: 'good', reason: null }
  if (device.name === 'meter-5') return { ...full, quality: 'stale', reason: 'The meter answers, but refuses the measuring registers (busy).' }
  if (old) return { ...full, quality: 'stale', reason: 'meter-6 does not answer.' }
  return full
}
