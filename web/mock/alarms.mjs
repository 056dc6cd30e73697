// Alarms of the mock: one of every state, deeds that change them, rules and recipients as records, a preview with trips.
import { points } from './values.mjs'

const ago = (ms) => (ms === null ? null : new Date(Date.now() - ms).toISOString())
const MINUTE = 60e3

function alarm(id, rule, label, path, severity, state, extra) {
  return {
    id, rule, label, path, severity, state, latched: false, since_ms: 4 * MINUTE, raised_ms: 4 * MINUTE, value: null, limit: null, decimals: 1, unit: '', by: null, by_ms: null,
    shelved_until: null, suppressed_by: null, silent: false, sounding: false, muted: false, times: 1, flapping: false, recipients: ['night-desk'], text: '', ...extra,
  }
}

const made = () => [
  alarm(1, 'outlet-current', 'Outlet current', 'pdu-a/outlet-5/current', 'critical', 'tripped',
    { value: 17.2, limit: 16, unit: 'A', times: 3, sounding: true, text: 'Current of pdu-a outlet-5 (san-shelf-1) is 17.2 A, over 16 A for 10 s.' }),
  alarm(2, 'mains-low', 'Mains voltage low', 'meter-1/phase-a/voltage', 'warning', 'acknowledged',
    { value: 206.1, limit: 207, unit: 'V', since_ms: 42 * MINUTE, by: 'night-shift', by_ms: 40 * MINUTE, text: 'Voltage of meter-1 phase A is 206.1 V, under 207 V.' }),
  alarm(3, 'contact', 'Contact lost', 'meter-6', 'warning', 'tripped', { since_ms: 4.2 * MINUTE, text: 'meter-6 (Heat pump) has not answered for 4 min.' }),
  alarm(4, 'hot', 'Too hot', 'pdu-a/sensor-2/temperature', 'warning', 'lost', { limit: 40, unit: '°C', since_ms: 9 * MINUTE, text: 'The sensor reads nothing that can be right.' }),
  alarm(5, 'mains-low', 'Mains voltage low', 'meter-2/phase-b/voltage', 'warning', 'pending', { value: 206.8, limit: 207, unit: 'V', since_ms: 3e3, text: 'Voltage of meter-2 phase B is 206.8 V, under 207 V.' }),
  alarm(6, 'door', 'Door open', 'dc-1/output-1/state', 'info', 'tripped', { latched: true, value: 0, limit: 1, decimals: 0, text: 'It was open; it is closed again.' }),
  alarm(7, 'outlet-current', 'Outlet current', 'pdu-a/outlet-9/current', 'critical', 'tripped', { value: 16.4, limit: 16, unit: 'A', silent: true, by: 'night-shift',
    by_ms: 20 * MINUTE, shelved_until: new Date(Date.now() + 3 * 3600e3).toISOString(), text: 'Current of pdu-a outlet-9 is 16.4 A, over 16 A.' }),
  alarm(8, 'hot', 'Too hot', 'pdu-a/sensor-1/temperature', 'warning', 'normal', { value: 22.4, limit: 40, unit: '°C', text: '' }),
]
let list = made()
/** As when the mock began. */
export const anew = () => { list = made() }

const STATES = ['tripped', 'acknowledged', 'lost', 'pending', 'normal']
const SEVERITIES = ['critical', 'warning', 'info']
const harm = (a, b) => STATES.indexOf(a.state) - STATES.indexOf(b.state) || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || a.since_ms - b.since_ms
const shown = ({ raised_ms, by_ms, ...one }, change) => ({ ...one, since: ago(one.since_ms), raised: ago(raised_ms), by_time: ago(by_ms), ...(change ? { change } : {}) })

function counts() {
  const found = { critical: 0, warning: 0, info: 0, acknowledged: 0, lost: 0, pending: 0, silent: 0 }
  for (const one of list) {
    if (one.state === 'normal') continue
    found[one.silent ? 'silent' : one.state === 'tripped' ? one.severity : one.state]++
  }
  return found
}

/** GET /alarms */
export function page(query) {
  const severity = query.get('severity')
  const device = query.get('device')
  const all = [...list].sort(harm).filter((one) => (query.get('active') !== 'true' || one.state !== 'normal')
    && (!severity || SEVERITIES.indexOf(one.severity) <= SEVERITIES.indexOf(severity)) && (!device || one.path.split('/')[0] === device))
  const from = Number(query.get('offset') ?? 0)
  const to = from + Number(query.get('limit') ?? 1000)
  return { alarms: all.slice(from, to).map((one) => shown(one)), more: all.length > to, total: list.length, counts: counts() }
}

const DEEDS = {
  acknowledge: (one, by) => (one.state === 'tripped' && !one.latched ? { state: 'acknowledged', sounding: false, by, by_ms: 0, since_ms: 0 } : null),
  shelve: (one, by, { duration }) => ({ shelved_until: new Date(Date.now() + (/h$/.test(duration) ? 3600e3 * parseFloat(duration) : 1800e3)).toISOString(), silent: true, by, by_ms: 0 }),
  unshelve: (one) => (one.shelved_until ? { shelved_until: null, silent: false } : null),
  mute: (one, by) => (one.sounding ? { sounding: false, muted: true, by, by_ms: 0 } : null),
  clear: (one) => (one.latched ? { state: 'normal', latched: false, since_ms: 0 } : null),
}

/** POST /alarms/{id}/{deed}: { status, body }; `tell` is the live stream. */
export function act(id, deed, by, body, tell) {
  const one = list.find((candidate) => candidate.id === Number(id))
  const change = one && DEEDS[deed]?.(one, by, body)
  if (!one || !DEEDS[deed]) return { status: 404, detail: 'There is no alarm of that id.' }
  if (!change) return { status: 409, detail: 'There is nothing to do: its state is another one by now.' }
  Object.assign(one, change)
  tell({ alarms: [shown(one, deed === 'acknowledge' ? 'acknowledged' : 'silenced')], counts: counts(), more: false })
  return { status: 200, body: shown(one) }
}

/** A thousand of one cause, and none of them the next time. */
export function storm(tell) {
  const calm = list.findIndex(({ id }) => id >= 1000)
  if (calm >= 0) list.splice(calm)
  else for (let id = 1000; id < 2000; id++) list.push(alarm(id, 'storm', 'Storm', `pdu-a/outlet-${1 + (id % 24)}/current`, 'info', 'tripped', { value: id, limit: 999, unit: 'A' }))
  tell({ alarms: [], counts: counts(), more: true })
}

/** As the unit's own engine: for tests of what the live stream does to the pages. */
export function trip(tell) {
  const one = list.find(({ id }) => id === 8)
  Object.assign(one, one.state === 'normal' ? { state: 'tripped', value: 41.3, since_ms: 0, text: 'Temperature of the cold aisle is 41.3 °C, over 40 °C.' } : { state: 'normal', value: 22.4, text: '' })
  tell({ alarms: [shown(one, one.state === 'normal' ? 'cleared' : 'raised')], counts: counts(), more: false })
}

const rule = (label, watched, when, limit, extra) => ({
  label, points: watched, when, limit, recover: '', per: 'minute', for: '0 s', recover_for: '0 s', severity: 'warning', latch: false, repeat: 'off', tell_clear: true,
  recipients: '', outputs: '', outputs_off: '', sounders: '', ignores_hours: false, enabled: true, ...extra,
})

const rules = {
  'outlet-current': rule('Outlet current', 'pdu-a/outlet-*/current', 'over', '16', { recover: '15', for: '10 s', severity: 'critical', recipients: 'night-desk' }),
  'mains-low': rule('Mains voltage low', 'meter-1/phase-*/voltage, meter-2/phase-*/voltage', 'under', '207', { recover: '210', for: '5 s' }),
  contact: rule('Contact lost', '*', 'lost', ''),
  hot: rule('Too hot', 'pdu-a/sensor-*/temperature', 'over', '40', { recover: '38', for: '1 min' }),
}

const recipient = (extra) => ({ label: '', kind: 'mail', enabled: true, when: 'always', quiet: '', least: 'warning', min_interval: '0 s', address: '', host: '', url: '', ...extra })
const recipients = {
  'night-desk': recipient({ label: 'Night desk', address: 'night@example.net' }),
  noc: recipient({ label: 'Network centre', kind: 'trap', host: '192.0.2.40' }),
}

const records = (all, fixed = []) => Object.entries(all).map(([name, values]) => ({ name, fixed: fixed.includes(name) ? 'busbar.yaml:120:3' : null, values }))
export const listRules = () => records(rules, ['contact'])
export const listRecipients = () => records(recipients)
export const notices = () => [
  { recipient: 'night-desk', kind: 'mail', waiting: 3, last: ago(3 * 3600e3), next: null, next_in_ms: 42e3, problem: 'smtp.example.net does not answer: connection timed out.', delivered: 41, given_up: 0 },
  { recipient: 'noc', kind: 'trap', waiting: 0, last: ago(4 * MINUTE), next: null, next_in_ms: null, problem: null, delivered: 12, given_up: 0 },
]
export const testOf = (name) => (name === 'noc'
  ? { delivered: true, words: '192.0.2.40 acknowledged the inform.', dialogue: ['> inform, request 71', '< response, request 71'] }
  : { delivered: false, words: 'The server refused the recipient.', dialogue: ['< 220 smtp.example.net ESMTP', '> EHLO mast-14', '< 250 OK', '> RCPT TO:<night@example.net>', '< 550 5.1.1 no such user'] })

/** Trips at the same hours of each day, so that the picture has something to show. */
export function preview({ points: watched = '', when, limit = '', from = '-14d' }) {
  const days = Number(/^-(\d+)d$/.exec(from)?.[1] ?? 1)
  const base = { from: ago(days * 864e5), to: ago(0), more: false, notes: [], mistakes: [] }
  if (['over', 'under'].includes(when) && !Number.isFinite(Number(limit))) {
    return { ...base, count: null, share: null, points: [], mistakes: [{ key: 'limit', error: `must be a number in the unit of the points, as in 40, not "${limit}"` }] }
  }
  const patterns = watched.split(',').map((one) => new RegExp(`^${one.trim().replaceAll('*', '[^/]*')}$`))
  const paths = [...points.keys()].filter((path) => patterns.some((pattern) => pattern.test(path))).slice(0, 8)
  if (!paths.length) return { ...base, count: null, share: null, points: [], notes: ['The rule is about no point that there is.'] }
  const found = paths.map((path, at) => {
    const spans = at ? [] : Array.from({ length: days }, (_, day) => ({ from: ago((days - day) * 864e5 - 4 * 3600e3), to: ago((days - day) * 864e5 - 4.6 * 3600e3), worst: Number(limit) || 0 }))
    return { path, count: spans.length, share: spans.length ? 0.025 : 0, resolution_s: 60, spans, more: false }
  })
  return { ...base, count: found[0].count, share: 0.025, points: found, notes: ['Readings of long ago are known as lowest, average and highest of a time only.'] }
}
