// Energy of the mock: hourly use as a function of meter and hour, with gaps, so that every period agrees with every other.
import { makeSite } from './site.mjs'

const ZONE = 'Europe/Berlin'
const HOUR = 3600
const DAY = 86400

/** kWh (m³) in a mean hour, how it follows day and season, and who counts it already. */
const METERS = {
  'meter-1': { name: 'Incomer', mean: 9.4, day: 0.35, season: 0.3, within: null },
  'meter-2': { name: 'Rack feed', mean: 4.3, day: 0.06, season: 0.02, within: 'meter-1' },
  'pdu-a': { name: 'Rack A', mean: 4.2, day: 0.06, season: 0.02, within: 'meter-2' },
  'meter-3': { name: 'DC feed', mean: 0.32, day: 0.1, season: 0.05, within: 'meter-1' },
  'meter-4': { name: 'Cooling', mean: 1.7, day: 0.5, season: -0.6, within: 'meter-1' },
  'meter-5': { name: 'Lighting and workshop sockets', mean: 0.6, day: 1, season: 0.25, within: 'meter-1' },
  'meter-6': { name: 'Heat pump', mean: 2.4, day: 0.3, season: 0.9, within: 'meter-1' },
  'dc-1/pulse-1': { name: 'Cold water', mean: 0.041, day: 0.9, season: -0.1, within: null, medium: 'water', unit: 'm³' },
}
export const groups = { it: { label: 'IT', medium: 'electricity', members: 'meter-2, meter-3' }, building: { label: 'Building services', medium: 'electricity', members: 'meter-4, meter-5, meter-6' } }
export const tariffs = {
  grid: { label: 'Grid', medium: 'electricity', meters: '', from: '2025-01-01', currency: 'EUR', price: 0.312, windows: 'mon-sun 22:00-06:00 0.244', standing: 12.9, standing_per: 'month', co2: 0.363 },
  water: { label: 'Waterworks', medium: 'water', meters: '', from: '2025-01-01', currency: 'EUR', price: 4.86, windows: '', standing: 0, standing_per: 'month', co2: 0 },
}

const now = () => Date.now() / 1000
const begin = makeSite().started ? now() - 520 * DAY : 0

function offset(s) {
  const parts = Object.fromEntries(new Intl.DateTimeFormat('en-GB', { timeZone: ZONE, hourCycle: 'h23', year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' })
    .formatToParts(s * 1000).map(({ type, value }) => [type, Number(value)]))
  return Math.round((Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute) / 1000 - s) / 900) * 900
}

/** Midnight of a local day, by UTC's calendar arithmetic and the zone's offset there. */
function local(year, month, day, hour = 0) {
  const utc = Date.UTC(year, month, day, hour) / 1000
  return utc - offset(utc - offset(utc))
}

function fields(s) {
  const date = new Date((s + offset(s)) * 1000)
  return { year: date.getUTCFullYear(), month: date.getUTCMonth(), day: date.getUTCDate(), weekday: (date.getUTCDay() + 6) % 7 }
}

/** Bounds of the period that holds `s`, and of the one `by` periods later. */
function bounds(period, s, by = 0) {
  const { year, month, day, weekday } = fields(s)
  if (period === 'day') return [local(year, month, day + by), local(year, month, day + by + 1)]
  if (period === 'week') return [local(year, month, day - weekday + 7 * by), local(year, month, day - weekday + 7 * by + 7)]
  if (period === 'month') return [local(year, month + by, 1), local(year, month + by + 1, 1)]
  return [local(year + by, 0, 1), local(year + by + 1, 0, 1)]
}

function noise(seed, n) {
  let h = Math.imul(n ^ (seed * 2654435761), 2246822507)
  h = Math.imul(h ^ (h >>> 13), 3266489909)
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32
}

const names = Object.keys(METERS)

/** The workshop meter came late, the heat pump was silent for three days, the unit was off one evening. */
function missing(id, hour) {
  const ago = now() / HOUR - hour
  if (hour * HOUR < begin) return true
  if (id === 'meter-5' && ago > 41 * 24) return true
  if (id === 'meter-6' && ago > 16 * 24 && ago < 19 * 24) return true
  return ago > 52 && ago < 58
}

function hourly(id, hour) {
  const { mean, day, season } = METERS[id]
  const s = hour * HOUR
  const clock = ((s + 3600) % DAY) / DAY
  const year = Math.cos(((s % (365.25 * DAY)) / (365.25 * DAY)) * 6.2832)
  const weekend = Math.floor(s / DAY + 3) % 7 > 4 ? 1 - day * 0.4 : 1
  const bell = 1 + day * Math.sin((clock - 0.3) * 6.2832)
  return Math.max(mean * 0.08, mean * bell * (1 + season * year) * weekend * (0.9 + 0.2 * noise(names.indexOf(id) + 1, hour)))
}

/** What is known of a span: { used, covered }. */
function meterSpan(id, from, to) {
  let used = 0
  let known = 0
  const end = Math.min(to, now())
  for (let hour = Math.floor(from / HOUR); hour * HOUR < end; hour++) {
    const share = (Math.min(end, (hour + 1) * HOUR) - Math.max(from, hour * HOUR)) / HOUR
    if (share <= 0 || missing(id, hour)) continue
    used += hourly(id, hour) * share
    known += share
  }
  const all = Math.max(0, end - from) / HOUR
  return { used: known ? Number(used.toFixed(3)) : null, covered: all ? Math.min(1, known / all) : 0 }
}

/** Day spans are asked for again and again: of the past they never change. */
const kept = new Map()

function cached(id, from, to) {
  if (to > now() - HOUR) return meterSpan(id, from, to)
  const key = `${id} ${from} ${to}`
  if (!kept.has(key)) kept.set(key, meterSpan(id, from, to))
  return kept.get(key)
}

function span(ids, from, to) {
  const all = ids.map((id) => cached(id, from, to))
  const known = all.filter((one) => one.used !== null)
  return {
    used: known.length ? Number(known.reduce((sum, one) => sum + one.used, 0).toFixed(3)) : null,
    covered: all.length ? all.reduce((sum, one) => sum + one.covered, 0) / all.length : 0,
  }
}

const money = (used, medium) => (used === null || !(medium in PRICE) ? null : Number((used * PRICE[medium]).toFixed(2)))
const PRICE = { electricity: 0.287, water: 4.86 }
const co2 = (used, medium) => (used === null || medium !== 'electricity' ? null : Number((used * 0.363).toFixed(2)))
const mediumOf = (id) => METERS[id]?.medium ?? 'electricity'

/** { id, name, medium, unit, ids } of what the rows are. */
function subjects(by, group, medium) {
  const members = (one) => one.members.split(',').map((part) => part.trim())
  let all
  if (by === 'group') all = Object.entries(groups).map(([id, one]) => ({ id, name: one.label, medium: one.medium, ids: members(one), members: members(one) }))
  else if (by === 'medium') all = ['electricity', 'water'].map((id) => ({ id, name: id, medium: id, ids: names.filter((one) => mediumOf(one) === id && !METERS[one].within) }))
  else all = names.map((id) => ({ id, name: METERS[id].name, medium: mediumOf(id), ids: [id], point: `${id.includes('/') ? `${id}/volume` : `${id}/total/energy`}`, within: METERS[id].within }))
  if (group) all = all.filter((one) => (by === 'group' ? one.id === group : members(groups[group] ?? { members: '' }).includes(one.id)))
  return all.filter((one) => !medium || one.medium === medium).map((one) => ({ point: null, within: null, members: [], unit: one.medium === 'water' ? 'm³' : 'kWh', ...one }))
}

function row(one, frame) {
  const used = span(one.ids, frame.from, frame.to)
  const before = span(one.ids, frame.before_from, frame.before_to)
  const full = span(one.ids, frame.before_from, frame.from)
  const { ids, ...rest } = one
  return {
    ...rest, used: used.used, before: before.used, before_full: full.used, covered: used.covered, before_covered: before.covered,
    quality: used.used === null ? 'missing' : used.covered > 0.995 ? 'good' : 'partly', decimals: 3,
    cost: money(used.used, one.medium), cost_before: money(before.used, one.medium), cost_before_full: money(full.used, one.medium), cost_covered: 1,
    co2_kg: co2(used.used, one.medium), co2_before_kg: co2(before.used, one.medium), exported: null,
  }
}

function stepBounds(period, from, to) {
  const found = []
  if (period === 'day') for (let s = from; s < to; s += HOUR) found.push([s, s + HOUR])
  else for (let [a, b] = bounds(period === 'year' ? 'month' : 'day', from); a < to; [a, b] = bounds(period === 'year' ? 'month' : 'day', b + 1)) found.push([a, b])
  return found
}

const stepsOf = (all, period, frame) => {
  const olds = stepBounds(period, frame.before_from, frame.from)
  return stepBounds(period, frame.from, frame.to).map(([from, to], at) => {
    const of = (one, a, b) => (a === undefined ? { used: null, covered: 0 } : span(one.ids, a, b))
    const here = all.map((one) => of(one, from, to))
    const old = all.map((one) => of(one, ...(olds[at] ?? [])))
    return { from, to, used: here.map((one) => one.used), covered: here.map((one) => one.covered), before: old.map((one) => one.used), cost: here.map((one, k) => money(one.used, all[k].medium)) }
  })
}

function totals(frame, period, medium) {
  const media = subjects('medium', null, medium)
  const steps = stepsOf(media, period, frame)
  return { media: media.map((one) => ({ ...row(one, frame), standing: one.medium === 'electricity' ? 9.03 : null, standing_before: null })), steps }
}

function frameOf(query) {
  const period = ['day', 'week', 'month', 'year'].includes(query.get('period')) ? query.get('period') : 'day'
  const [y, m, d] = (query.get('at') ?? '').split('-').map(Number)
  const at = y ? local(y, m - 1, d, 12) : now()
  const [from, to] = bounds(period, at)
  const [before_from] = bounds(period, at, -1)
  const elapsed = Math.min(to, now()) - from
  return { period, from, to, now: now(), before_from, before_to: Math.min(before_from + elapsed, from), before_full_to: from }
}

/** GET /energy; null for a group that there is not. */
export function energy(query) {
  const by = query.get('by') ?? 'meter'
  const group = query.get('group')
  const medium = query.get('medium')
  if (group && !groups[group]) return null
  const frame = frameOf(query)
  const all = subjects(by, group, medium)
  const sums = totals(frame, frame.period, medium)
  const steps = stepsOf(all, frame.period, frame)
  return {
    ...frame, by, currency: 'EUR', problem: null, earliest: begin, rows: all.map((one) => row(one, frame)), totals: sums.media,
    steps: steps.map((step, at) => ({ ...step, totals: sums.steps[at].used, totals_before: sums.steps[at].before, totals_covered: sums.steps[at].covered })),
  }
}

/** GET /energy/calendar; null for what there is not. */
export function calendar(query) {
  const id = query.get('of')
  const one = [...subjects('meter'), ...subjects('group'), ...subjects('medium')].find((found) => found.id === id)
  if (!one) return null
  const year = Number(query.get('year'))
  const days = []
  for (let [a, b] = bounds('day', local(year, 0, 1)); a < Math.min(local(year + 1, 0, 1), now()); [a, b] = bounds('day', b + 1)) {
    const { used, covered } = span(one.ids, a, b)
    const day = fields(a)
    days.push({ date: `${day.year}-${String(day.month + 1).padStart(2, '0')}-${String(day.day).padStart(2, '0')}`, used, cost: money(used, one.medium), covered })
  }
  return { id, name: one.name, medium: one.medium, unit: one.unit, currency: 'EUR', year, days }
}

export function csv(query) {
  const { rows, steps } = energy(query)
  const head = ['from', ...rows.map((one) => `${one.id} [${one.unit}]`)]
  return [head, ...steps.map((step) => [new Date(step.from * 1000).toISOString(), ...step.used.map((one) => one ?? '')])].map((cells) => cells.join(',')).join('\r\n') + '\r\n'
}

export const blank = (kind) => (kind === 'tariffs' ? { label: '', medium: 'electricity', meters: '', from: '', currency: 'EUR', price: 0, windows: '', standing: 0, standing_per: 'month', co2: 0 } : { label: '', medium: 'electricity', members: '' })

/** Records of the two collections, changed as PUT and DELETE do. */
export const collections = { tariffs, 'energy-groups': groups }
export const records = (all) => Object.entries(all).map(([name, values]) => ({ name, fixed: name === 'water' ? 'busbar.yaml:140:3' : null, values }))
