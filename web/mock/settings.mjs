// Settings of the mock: a schema and values with every source, revisions, and refusals with sentences.
const row = (key, type, extra, help) => ({
  key, type, unit: null, min: null, max: null, choices: null, default: null, right: 'administrator', apply: 'live', secret: false, help, ...extra,
})

export const schema = {
  tables: [
    { name: 'site', label: 'Site', collection: false, rows: [
      row('name', 'text', { default: 'busbar' }, 'Name of the unit, at the head of every page and in every notice.'),
      row('location', 'text', { default: '' }, 'Where the unit stands, so that somebody can go there.'),
      row('contact', 'text', { default: '' }, 'Whom to ask about this unit.'),
      row('time_zone', 'text', { default: 'UTC' }, 'Time zone of pages and reports, such as Europe/Berlin. Records are in UTC.'),
    ] },
    { name: 'web', label: 'Web', collection: false, rows: [
      row('port', 'int', { min: 0, max: 65535, default: 8080, apply: 'restart' }, 'Port for HTTP. 0 is off.'),
      row('tls_port', 'int', { min: 0, max: 65535, default: 8443, apply: 'restart' }, 'Port for HTTPS. 0 is off.'),
      row('session_minutes', 'int', { unit: 'min', min: 5, max: 10080, default: 720 }, 'A session without any request ends after this time.'),
      row('view', 'choice', { choices: ['open', 'password'], default: 'password' }, 'Whether reading needs a password.'),
    ] },
    { name: 'history', label: 'History', collection: false, rows: [
      row('every_s', 'int', { unit: 's', min: 1, max: 3600, default: 60 }, 'How often readings are recorded. Shorter asks for more storage.'),
      row('keep_days', 'int', { unit: 'd', min: 1, max: 3650, default: 400 }, 'Minute readings are thinned to hours after this time. Energy is kept for ever.'),
      row('limit_mb', 'number', { unit: 'MB', min: 10, default: 512 }, 'Most space that history takes; the oldest goes first.'),
      row('on_change', 'bool', { default: false }, 'Also record a state at once when it changes.'),
    ] },
    { name: 'mail', label: 'Mail', collection: false, rows: [
      row('server', 'text', { default: '' }, 'Host name of the mail server. Empty sends no mail.'),
      row('user', 'text', { default: '' }, 'User at the mail server, if it asks for one.'),
      row('password', 'text', { secret: true, default: null }, 'Password at the mail server.'),
      row('security', 'choice', { choices: ['none', 'starttls', 'tls'], default: 'tls' }, 'How the connection is protected.'),
    ] },
    { name: 'alarms', label: 'Alarms', collection: true, rows: [
      row('label', 'text', { default: '', max: 63 }, 'What people call this alarm; empty is its name.'),
      row('points', 'text', { required: true, max: 4000 }, 'What is watched.'),
      row('when', 'choice', { required: true, choices: ['over', 'under', 'equals', 'differs', 'changed', 'lost', 'rate-over', 'older'] }, 'When it is an alarm.'),
      row('limit', 'text', { default: '' }, 'A number in the unit of the point.'),
      row('recover', 'text', { default: '' }, 'It has recovered at this number or beyond.'),
      row('per', 'choice', { choices: ['second', 'minute', 'hour'], default: 'minute' }, 'Of rate-over.'),
      row('for', 'duration', { default: '0 s', max: 14400 }, 'How long before it is raised.'),
      row('recover_for', 'duration', { default: '0 s', max: 14400 }, 'How long it must be well before it clears.'),
      row('severity', 'choice', { choices: ['info', 'warning', 'critical'], default: 'warning' }, 'How bad it is.'),
      row('latch', 'bool', { default: false }, 'Whether it stays until a person clears it.'),
      row('repeat', 'text', { default: 'off' }, 'How often it is told again.'),
      row('tell_clear', 'bool', { default: true }, 'Whether it is also told when it clears.'),
      row('recipients', 'text', { default: '' }, 'Who is told.'),
      row('outputs', 'text', { default: '' }, 'Outputs that are on while it holds.'),
      row('enabled', 'bool', { default: true }, 'Whether the rule is followed.'),
    ] },
    { name: 'recipients', label: 'Recipients', collection: true, rows: [
      row('label', 'text', { default: '' }, 'What people call it.'),
      row('kind', 'choice', { choices: ['mail', 'trap', 'syslog', 'webhook'], default: 'mail' }, 'How it is told.'),
      row('enabled', 'bool', { default: true }, 'Whether anything is sent.'),
      row('when', 'choice', { choices: ['always', 'business-hours', 'after-hours'], default: 'always' }, 'Which notices it is for.'),
      row('least', 'choice', { choices: ['info', 'warning', 'critical'], default: 'warning' }, 'The least severity that is sent.'),
      row('address', 'text', { default: '' }, 'For mail: the address.'),
      row('host', 'text', { default: '' }, 'For traps and syslog: the receiver.'),
      row('version', 'choice', { choices: ['v1', 'v2c', 'v3'], default: 'v2c' }, 'For traps: version of SNMP.'),
      row('url', 'text', { default: '' }, 'For webhooks: where notices are posted to.'),
    ] },
    { name: 'energy', label: 'Energy groups', collection: true, rows: [
      row('label', 'text', { default: '' }, 'What people call it.'),
      row('medium', 'choice', { choices: ['electricity', 'water', 'gas', 'heat'], default: 'electricity' }, 'What is counted.'),
      row('members', 'text', { required: true, max: 4000 }, 'Meters with commas between; a minus takes one off.'),
    ] },
    { name: 'tariffs', label: 'Tariffs', collection: true, rows: [
      row('label', 'text', { default: '' }, 'What people call it.'),
      row('medium', 'choice', { choices: ['electricity', 'water', 'gas', 'heat'], default: 'electricity' }, 'What it is for.'),
      row('meters', 'text', { default: '' }, 'Meters with commas between; empty is all of the medium.'),
      row('from', 'text', { default: '' }, 'The day from which it holds.'),
      row('currency', 'text', { default: 'EUR', max: 3 }, 'Code of the currency.'),
      row('price', 'number', { min: 0, max: 1e6, default: 0 }, 'Price of a unit.'),
      row('windows', 'text', { default: '' }, 'Other prices at certain hours.'),
      row('standing', 'number', { min: 0, max: 1e9, default: 0 }, 'Standing charge.'),
      row('standing_per', 'choice', { choices: ['day', 'month', 'year'], default: 'month' }, 'What the standing charge is for.'),
      row('co2', 'number', { min: 0, max: 1000, default: 0 }, 'Kilograms of CO₂ for a unit.'),
    ] },
    { name: 'pulses', label: 'Pulse inputs', collection: true, paths: true, members: ['dc-1/pulse-1'], rows: [
      row('name', 'text', { default: '' }, 'What it counts.'),
      row('medium', 'choice', { choices: ['electricity', 'water', 'gas', 'heat'], default: 'electricity' }, 'What flows through the meter.'),
      row('weight', 'number', { min: 1e-6, max: 1e6, required: true }, 'What a pulse stands for, or how many make one.'),
      row('unit', 'choice', { choices: ['Wh', 'kWh', 'MWh', 'MJ', 'GJ', 'pulses/kWh', 'l', 'm3', 'pulses/m3'], default: 'pulses/kWh' }, 'Unit of the weight.'),
      row('multiplier', 'number', { min: 1e-6, max: 1e6, default: 1 }, 'What flows for one unit on the display.'),
    ] },
    { name: 'demand', label: 'Demand and extremes', collection: true, members: ['feeders', 'rack', 'volts'], rows: [
      row('points', 'text', { required: true, max: 2000 }, 'Points with a comma between.'),
      row('kind', 'choice', { choices: ['block', 'sliding', 'extremes'], default: 'block' }, 'How the window goes on.'),
      row('window', 'duration', { min: 60, max: 86400, default: '15 min' }, 'Length of the window.'),
    ] },
    { name: 'nut', label: 'NUT server', collection: false, rows: [
      row('port', 'int', { min: 0, max: 65535, default: 0 }, 'TCP port of the NUT server; 0 is off.'),
      row('networks', 'text', { default: '' }, 'Addresses and networks of clients; empty: all.'),
      row('tls', 'choice', { choices: ['offered', 'required'], default: 'offered' }, 'Whether names and passwords want STARTTLS.'),
    ] },
    { name: 'nut_ups', label: 'NUT: what is offered', collection: true, members: ['rack-1', 'archive'], rows: [
      row('label', 'text', { default: '' }, 'What clients are told it is.'),
      row('low_after', 'duration', { default: '0 s', max: 86400 }, 'On battery for so long, it says that the battery is low.'),
      row('low_charge', 'number', { unit: '%', max: 100, default: 0 }, 'The same from this charge down.'),
      row('fsd_charge', 'number', { unit: '%', max: 100, default: 0 }, 'From this charge down its shutdown is forced.'),
      row('off_after', 'duration', { default: '0 s', max: 86400 }, 'So long after that its outlets go off.'),
    ] },
    { name: 'nut_users', label: 'NUT: equipment that only looks', collection: true, members: ['admin'], rows: [
      row('password', 'text', { secret: true, default: null }, 'What the equipment sends.'),
      row('ups', 'text', { default: '' }, 'Names it may see; empty: all.'),
      row('networks', 'text', { required: true }, 'Addresses from which it is let in.'),
    ] },
    { name: 'devices', label: 'Devices', collection: true, rows: [
      row('label', 'text', { default: '' }, 'What the device is called on pages and in reports.'),
      row('every', 'duration', { min: 0.1, max: 3600, default: '1 s' }, 'Time from one reading to the next.'),
      row('timeout_ms', 'int', { unit: 'ms', min: 10, max: 60000, default: 300 }, 'How long an answer may take.'),
      row('enabled', 'bool', { default: true }, 'Whether the device is asked at all.'),
    ] },
  ],
}

const values = new Map()
let revision = 7

function put(key, def, value = def, source = 'default', place = null) {
  values.set(key, { key, value, default: def, source, place })
}

for (const table of schema.tables) {
  const members = table.collection ? table.members ?? ['meter-1', 'meter-2', 'meter-3', 'meter-4', 'meter-5', 'meter-6', 'pdu-a', 'dc-1'] : [null]
  for (const member of members) {
    for (const one of table.rows) put([table.name, member, one.key].filter(Boolean).join('.'), one.default)
  }
}
put('site.name', 'busbar', 'Mast 14', 'file', 'busbar.yaml:2')
put('site.location', '', 'Hill road 3, equipment room', 'page')
put('site.time_zone', 'UTC', 'Europe/Berlin', 'file', 'busbar.yaml:3')
for (const [key, value] of Object.entries({
  'pulses.dc-1/pulse-1.medium': 'water', 'pulses.dc-1/pulse-1.weight': 10, 'pulses.dc-1/pulse-1.unit': 'l',
  'demand.feeders.points': 'meter-*/total/real-power', 'demand.volts.kind': 'extremes', 'nut.port': 3493, 'nut.networks': '192.0.2.0/24, 2001:db8::/32', 'nut.tls': 'required',
  'nut_ups.rack-1.low_charge': 60, 'nut_ups.rack-1.low_after': '10 min', 'nut_ups.rack-1.off_after': '5 min', 'nut_ups.archive.fsd_charge': 90, 'nut_ups.archive.off_after': '1 min',
  'nut_users.admin.networks': '192.0.2.40', 'nut_users.admin.ups': 'dc-1',
})) put(key, values.get(key).default, value, 'page')
put('devices.meter-5.every', '1 s', '5 s', 'page')
put('devices.pdu-a.every', '1 s', '2 s', 'file', 'busbar.yaml:31')

function rowFor(key) {
  const parts = key.split('.')
  const table = schema.tables.find((one) => one.name === parts[0])
  return table?.rows.find((one) => one.key === parts[parts.length - 1])
}

function refusal(key, value) {
  const entry = values.get(key)
  const found = rowFor(key)
  if (!entry || !found) return [404, `There is no setting “${key}”.`]
  if (entry.source === 'file') return [409, `${key} is fixed in the site file at ${entry.place}. Change it there, then reload.`]
  if (found.type === 'int' || found.type === 'number') {
    if (typeof value !== 'number') return [422, `${key} must be a number.`]
    if (found.min !== null && value < found.min) return [422, `${key}: the smallest value is ${found.min}.`]
    if (found.max !== null && value > found.max) return [422, `${key}: the largest value is ${found.max}.`]
  }
  return null
}

const shown = (entry) => (rowFor(entry.key)?.secret ? { ...entry, value: null } : entry)

export const all = () => ({ revision, values: [...values.values()].map(shown) })
export const one = (key) => (values.has(key) ? shown(values.get(key)) : null)

export function change(changes, ifMatch) {
  if (ifMatch !== undefined && ifMatch.replace(/"/g, '') !== String(revision)) {
    return { status: 412, detail: 'Somebody else changed settings meanwhile. Read them again, then decide.' }
  }
  for (const [key, value] of Object.entries(changes)) {
    const no = refusal(key, value ?? values.get(key)?.default)
    if (no) return { status: no[0], detail: no[1] }
  }
  for (const [key, value] of Object.entries(changes)) {
    const entry = values.get(key)
    Object.assign(entry, value === null ? { value: entry.default, source: 'default' } : { value, source: 'page' })
  }
  revision++
  const later = (key) => rowFor(key).apply === 'restart'
  const keys = Object.keys(changes)
  return { status: 200, body: { revision, applied: keys.filter((key) => !later(key)), restart: keys.filter(later) } }
}

export function reset(key) {
  const entry = values.get(key)
  if (!entry) return 404
  if (entry.source === 'file') return 409
  Object.assign(entry, { value: entry.default, source: 'default' })
  revision++
  return 200
}
