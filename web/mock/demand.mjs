// Averages, peaks and extremes of the mock: worked out of its readings; a reset is remembered.
import { demandAt, demandPeak, reading, totalWatts, WINDOW_S } from './values.mjs'

const begun = Date.now() / 1000 - 9 * 86400
const resets = new Map()
const round = (number, decimals = 1) => (number === null ? null : Number(number.toFixed(decimals)))

/** `device`: averaged; of meter-5 nothing is known, since it is not read. */
function average(device, kind, window_s, known = true) {
  const now = Date.now() / 1000
  const source = `${device}/total/real-power`
  const since = resets.get(source) ?? begun
  const begin = Math.floor(now / WINDOW_S) * WINDOW_S
  const samples = Array.from({ length: 12 }, (_, at) => totalWatts(device, begin + ((at + 0.5) / 12) * (now - begin)))
  const peak = demandPeak(device, now)
  const kept = known && peak.time > since ? peak : { number: null, time: null }
  return {
    source, kind, window_s, point: `${device}/total/real-power-demand`, peak_point: `${device}/total/real-power-demand-peak`, unit: 'W',
    last: known ? round(demandAt(device, Math.floor(now / WINDOW_S))) : null, last_time: known ? begin : null,
    running: known ? round(samples.reduce((sum, one) => sum + one, 0) / samples.length) : null, ends: kind === 'sliding' ? Math.ceil(now / 120) * 120 : begin + WINDOW_S,
    peak: round(kept.number), peak_time: kept.time, month_peak: round(kept.number), month_peak_time: kept.time, least: null, least_time: null, since: Math.round(since),
  }
}

function extremes(source) {
  const since = resets.get(source) ?? begun
  const now = Date.now() / 1000
  let [least, most] = [null, null]
  for (let s = Math.max(since, now - 86400); s < now; s += 977) {
    const one = { number: reading(source, s), time: Math.round(s) }
    if (!least || one.number < least.number) least = one
    if (!most || one.number > most.number) most = one
  }
  return {
    source, kind: 'extremes', window_s: 0, point: null, peak_point: null, unit: 'V', last: null, last_time: null, running: null, ends: null,
    peak: round(most?.number ?? null), peak_time: most?.time ?? null, month_peak: null, month_peak_time: null, least: round(least?.number ?? null), least_time: least?.time ?? null, since: Math.round(since),
  }
}

/** GET /energy/demand */
export const demands = () => [average('meter-1', 'block', WINDOW_S), average('meter-2', 'sliding', 1800), average('meter-5', 'block', WINDOW_S, false),
  ...['a', 'b', 'c'].map((phase) => extremes(`meter-1/phase-${phase}/voltage`))]

/** DELETE /energy/demand/{path}: whether there was one. */
export function reset(source) {
  if (!demands().some((one) => one.source === source)) return false
  resets.set(source, Date.now() / 1000)
  return true
}
