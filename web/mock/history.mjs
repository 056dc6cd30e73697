// History of the mock: the same readings, sampled; with one gap, because real history has gaps.
import { points, reading } from './values.mjs'

const UNIT = { s: 1, m: 60, h: 3600, d: 86400 }

export function bound(text, fallback) {
  if (!text) return fallback
  const now = Date.now() / 1000
  if (text === 'now') return now
  const relative = /^-(\d+(?:\.\d+)?)([smhd])$/.exec(text)
  if (relative) return now - Number(relative[1]) * UNIT[relative[2]]
  return /^\d+$/.test(text) ? Number(text) : Date.parse(text) / 1000
}

const NICE = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400]

function stepOf(query, from, to) {
  const step = query.get('step')
  if (step === 'raw') return 1
  if (step) return Number(step)
  const most = Number(query.get('points') ?? 500)
  return NICE.find((one) => (to - from) / one <= most) ?? 86400
}

/** The unit was off between 02:10 and 02:25 UTC each day, and meter-6 has been silent for four minutes. */
function missing(path, s) {
  const day = s % 86400
  if (day > 7800 && day < 8700) return true
  return path.startsWith('meter-6/') && s > Date.now() / 1000 - 252
}

function row(path, start, step, to) {
  const all = []
  for (let k = 0; k < 5; k++) {
    const s = start + ((k + 0.5) * step) / 5
    const one = s <= to && !missing(path, s) ? reading(path, s) : null
    if (one !== null) all.push(one)
  }
  if (!all.length) return null
  const avg = all.reduce((sum, one) => sum + one, 0) / all.length
  const round = (one) => Number(one.toFixed(4))
  return [new Date(start * 1000).toISOString(), round(Math.min(...all)), round(avg), round(Math.max(...all)), round(all[all.length - 1]), all.length]
}

export function history(query) {
  const now = Date.now() / 1000
  const to = Math.min(bound(query.get('to'), now), now)
  const from = bound(query.get('from'), to - 86400)
  const step = stepOf(query, from, to)
  const paths = query.getAll('path')
  const unknown = paths.find((path) => !points.has(path))
  if (unknown) return { unknown }
  const series = paths.map((path) => {
    const { point } = points.get(path)
    const rows = []
    if (point.kind !== 'text' && point.quantity !== 'energy-export') {
      for (let s = Math.floor(from / step) * step; s < to; s += step) {
        const one = row(path, s, step, to)
        if (one) rows.push(one)
      }
    }
    return { path, quantity: point.quantity, unit: point.unit, decimals: point.decimals, rows }
  })
  return { from: new Date(from * 1000).toISOString(), to: new Date(to * 1000).toISOString(), step_s: step, series }
}

export function csv(query) {
  const { series } = history(query)
  const head = ['time', ...series.flatMap((one) => ['min', 'avg', 'max', 'last', 'count'].map((column) => `${one.path} [${one.unit}] ${column}`))]
  const times = [...new Set(series.flatMap((one) => one.rows.map((cells) => cells[0])))].sort()
  const lines = times.map((time) => [time, ...series.flatMap((one) => one.rows.find((cells) => cells[0] === time)?.slice(1) ?? ['', '', '', '', ''])])
  return [head, ...lines].map((cells) => cells.join(',')).join('\r\n') + '\r\n'
}
