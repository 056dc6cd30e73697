// A mock of the daemon for working on the pages: the built pages and a believable API as docs/api.md has it.
//   node mock/server.mjs [port]      MOCK_FIRST_START=1, MOCK_VIEW_OPEN=1
// POST /mock/break and /mock/mend stop and continue everything; POST /mock/other-change changes a setting as
// somebody else would; POST /mock/first-start makes the unit new;
// POST /mock/list-names and /mock/hide-names: the names of those with a PIN;
// POST /mock/trip raises an alarm, and clears it the next time; POST /mock/storm does so with a thousand.
import { createServer } from 'node:http'
import { existsSync, readFileSync } from 'node:fs'
import { extname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { makeAccess } from './access.mjs'
import * as alarms from './alarms.mjs'
import * as demand from './demand.mjs'
import * as energy from './energy.mjs'
import { gateways } from './gateways.mjs'
import { csv, history } from './history.mjs'
import * as bus from './lines.mjs'
import { force, nut } from './nut.mjs'
import { readingAt, setReading } from './pulses.mjs'
import * as settings from './settings.mjs'
import { makeSite } from './site.mjs'
import * as switching from './switching.mjs'
import { points, value as measured } from './values.mjs'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const options = { firstStart: !!process.env.MOCK_FIRST_START, viewOpen: !!process.env.MOCK_VIEW_OPEN }
let access = makeAccess(options)
let broken = false
const value = (path) => {
  const one = switching.overlay(measured(path))
  return /-reading$/.test(path) ? display(path, one) : one
}
const displayed = (path) => measured(path.replace(/-reading$/, '')).value

/** What a person set, and what has flowed since. */
function display(path, one) {
  const reading = readingAt(path.replace(/\/[^/]*$/, ''), displayed(path))
  return reading === null ? { ...one, value: null, quality: 'absent', reason: 'Nobody has said yet what the display reads.' } : { ...one, value: Number(reading.toFixed(3)) }
}
const streams = new Set()
const site = makeSite()

export const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.webmanifest': 'application/manifest+json' }

function send(response, status, body, headers = {}) {
  const json = body !== undefined && typeof body !== 'string'
  const type = json ? (status >= 400 ? 'application/problem+json' : 'application/json') : 'text/plain; charset=utf-8'
  response.writeHead(status, { 'Content-Type': type, 'Cache-Control': 'no-store', ...headers })
  response.end(body === undefined ? undefined : json ? JSON.stringify(body) : body)
}

function refuse(response, status, detail, type = 'about:blank') {
  send(response, status, { type, title: 'Refused', status, detail })
}

async function bodyOf(request) {
  const chunks = []
  for await (const chunk of request) chunks.push(chunk)
  return chunks.length ? JSON.parse(Buffer.concat(chunks).toString()) : {}
}

let eventId = 1

function event(response, name, data) {
  response.write(`event: ${name}\nid: ${eventId++}\ndata: ${JSON.stringify(data)}\n\n`)
}

function live(request, response, query) {
  response.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' })
  const all = [...points.keys()]
  const resumed = request.headers['last-event-id'] || query.get('last_event_id')
  if (!resumed) event(response, 'snapshot', all.map((path) => value(path)))
  const sent = new Map()
  const timer = setInterval(() => {
    const second = Math.floor(Date.now() / 1000)
    const due = all.filter((path) => !/^meter-[56]\//.test(path) && second % (points.get(path).device.every_ms / 1000) === 0)
    // As the daemon does: what was read again and is the same is not sent again.
    const changed = due.map((path) => value(path)).filter((one) => sent.get(one.path) !== one.value)
    for (const one of changed) sent.set(one.path, one.value)
    if (changed.length) event(response, 'points', changed)
  }, 1000)
  streams.add(response)
  response.on('close', () => { clearInterval(timer); streams.delete(response) })
}

const tellAlarms = (news) => { for (const stream of streams) event(stream, 'alarm', news) }

function tell(command) {
  const counts = {}
  for (const { state } of command.steps) counts[state] = (counts[state] ?? 0) + 1
  for (const stream of streams) {
    event(stream, 'commands', { commands: [{ id: command.id, state: command.state, steps: counts }], more: false })
    event(stream, 'points', command.steps.map(({ target }) => value(`${target}/${command.action === 'set' ? 'level' : 'state'}`)))
  }
}

const routes = {
  'GET /outlets': (_, response, query) => send(response, 200, switching.outlets().filter((one) => !query.get('device') || one.device === query.get('device'))),
  'GET /schedules': (_, response) => send(response, 200, [
    { name: 'night', label: 'Lights off at night', fixed: null, enabled: true, action: 'off', targets: ['pdu-a/outlet-22'], days: [0, 1, 2, 3, 4, 5, 6],
      from_s: 79200, to_s: 21600, holds: false, until: null, next: { time: new Date(Date.now() + 5e7).toISOString(), end: false, does: 'off' }, last: null, last_text: null },
    { name: 'weekly', label: '', fixed: 'busbar.yaml:90:3', enabled: true, action: 'reboot', targets: ['pdu-a/outlet-9'], days: [6],
      from_s: 12600, to_s: null, holds: false, until: null, next: { time: new Date(Date.now() + 2e8).toISOString(), end: false, does: 'reboot' }, last: null, last_text: null }]),
  'GET /alarms': (_, response, query) => send(response, 200, alarms.page(query)),
  'GET /alarm-rules': (_, response) => send(response, 200, alarms.listRules(), { ETag: '"1"' }),
  'POST /alarm-rules/preview': async (request, response) => send(response, 200, alarms.preview(await bodyOf(request))),
  'GET /recipients': (_, response) => send(response, 200, alarms.listRecipients(), { ETag: '"1"' }),
  'GET /reports': (_, response) => send(response, 200, [], { ETag: '"1"' }),
  'GET /notices': (_, response) => send(response, 200, alarms.notices()),
  'GET /energy': (_, response, query) => {
    const found = energy.energy(query)
    if (found) send(response, 200, found)
    else refuse(response, 404, `There is no group “${query.get('group')}”.`, '/problems/not-found')
  },
  'GET /energy/calendar': (_, response, query) => {
    const found = energy.calendar(query)
    if (found) send(response, 200, found)
    else refuse(response, 404, `There is no meter or group “${query.get('of')}”.`, '/problems/not-found')
  },
  'GET /energy.csv': (_, response, query) => send(response, 200, energy.csv(query), { 'Content-Type': 'text/csv', 'Content-Disposition': 'attachment; filename="energy.csv"' }),
  'GET /energy/demand': (_, response) => send(response, 200, demand.demands()),
  'GET /energy-groups': (_, response) => send(response, 200, energy.records(energy.groups), { ETag: '"1"' }),
  'GET /tariffs': (_, response) => send(response, 200, energy.records(energy.tariffs), { ETag: '"1"' }),
  'GET /gateways': (_, response) => send(response, 200, gateways()),
  'GET /nut': (_, response) => send(response, 200, nut()),
  'GET /budgets': (_, response) => send(response, 200, []),
  'GET /groups': (_, response) => send(response, 200, switching.groups()),
  'GET /commands': (_, response, query) => send(response, 200, switching.list(query.get('state'))),
  'POST /commands': async (request, response) => {
    const { status, body } = switching.post(await bodyOf(request), tell)
    send(response, status, body)
  },
  'GET /health': (_, response) => send(response, 200, {
    status: 'degraded', version: site.version, uptime_s: Math.round((Date.now() - Date.parse(site.started)) / 1000),
    problems: ['The clock was last set 3 h ago: no time server answers. Check the network or name another server.'] }),
  'GET /site': (_, response) => send(response, 200, { ...site, time: new Date().toISOString() }),
  'GET /points': (_, response, query) => send(response, 200, [...points.keys()]
    .filter((path) => !query.get('device') || path.startsWith(`${query.get('device')}/`)).map((path) => value(path))),
  'GET /lines': (_, response) => send(response, 200, bus.lines()),
  'GET /reach/clock': (_, response) => send(response, 200, { known: true, synchronised: true, error_ms: 0.8 }),
  'POST /reach': async (request, response) => send(response, 200, bus.reach(await bodyOf(request))),
  'GET /doctor': (_, response) => send(response, 200, bus.doctor()),
  'GET /doctor/trial': (_, response) => send(response, 200, bus.trial()),
  'POST /doctor/trial': (_, response) => { bus.startTrial(); send(response, 200, bus.trial()) },
  'GET /profiles': (_, response) => send(response, 200, []),
  'GET /logging': (_, response) => send(response, 200, { every_s: 60, points: points.size, bytes: 48_400_000, oldest: '2026-02-03T08:00:00Z', lasts_days: 2410 }),
  'GET /settings/schema': (_, response) => send(response, 200, settings.schema),
  'GET /settings': (_, response) => send(response, 200, settings.all()),
  'GET /users': (_, response) => send(response, 200, access.listUsers()),
  'GET /tokens': (_, response) => send(response, 200, access.listTokens()),
  'GET /history': (_, response, query) => {
    const found = history(query)
    if (found.unknown) refuse(response, 404, `There is no point “${found.unknown}”.`, '/problems/not-found')
    else send(response, 200, found)
  },
  'GET /history.csv': (_, response, query) => send(response, 200, csv(query), { 'Content-Type': 'text/csv', 'Content-Disposition': 'attachment; filename="history.csv"' }),
  'PUT /settings': async (request, response) => {
    const done = settings.change(await bodyOf(request), request.headers['if-match'])
    if (done.body) send(response, 200, done.body)
    else refuse(response, done.status, done.detail)
  },
  'POST /users': async (request, response) => {
    const { name, role, password, pin } = await bodyOf(request)
    if (access.users.has(name)) return refuse(response, 409, `There is already a user “${name}”.`)
    if (pin === undefined && (!password || password.length < 10)) return refuse(response, 422, 'The password is too short: use at least 10 characters.')
    access.users.set(name, { role, password, must_change: false })
    const codes = pin === undefined ? { pin: null, puk: null } : access.setPin(access.users.get(name), pin).codes
    send(response, 201, { ...access.listUsers().find((user) => user.name === name), codes })
  },
  'POST /tokens': async (request, response) => {
    const { name, role, expires } = await bodyOf(request)
    send(response, 201, access.addToken(name, role, expires))
  },
}

async function member(request, response, path) {
  const [, kind, name, deed] = path.split('/').map(decodeURIComponent)
  if (kind === 'alarms' && deed) {
    const done = alarms.act(name, deed, 'administrator', await bodyOf(request), tellAlarms)
    return done.body ? send(response, 200, done.body) : refuse(response, done.status, done.detail)
  }
  if (kind === 'lines' && deed === 'trace') {
    if (request.method === 'POST') bus.startTrace(name)
    else if (request.method === 'DELETE') bus.endTrace(name)
    else return send(response, 200, '12:00:00 > sent unit 4, read input registers 0, 2 of them [0404000000027192]')
    return send(response, 204)
  }
  if (kind === 'recipients' && deed === 'test') return send(response, 200, alarms.testOf(name))
  if (kind === 'energy' && name === 'demand' && request.method === 'DELETE') {
    const source = path.split('/').slice(3).map(decodeURIComponent).join('/')
    return demand.reset(source) ? send(response, 204) : refuse(response, 404, 'GET /api/v1/energy/demand lists the sources of averages and extremes.', '/problems/not-found')
  }
  if (kind === 'pulses' && request.method === 'PUT') {
    const place = path.split('/').slice(2).map(decodeURIComponent).join('/')
    const no = setReading(place, (await bodyOf(request)).reading, displayed(`${place}/volume-reading`), settings.one(`pulses.${place}.weight`) !== null)
    return no ? refuse(response, no.status, no.detail) : send(response, 202)
  }
  if (kind === 'nut' && deed === 'shutdown') {
    const no = force(name, request.method === 'POST')
    return no ? refuse(response, no.status, no.detail) : send(response, 204)
  }
  if (kind in energy.collections && name) {
    const all = energy.collections[kind]
    if (request.method === 'DELETE') { delete all[name]; return send(response, 204) }
    all[name] = { ...energy.blank(kind), ...all[name], ...await bodyOf(request) }
    return send(response, 200, { revision: 1, applied: [], restart: [] })
  }
  if (kind === 'users' && access.users.has(name) && deed) {
    const user = access.users.get(name)
    if (request.method === 'DELETE') { delete user.pin; return send(response, 204) }
    if (deed === 'puk') return send(response, 200, access.makePuk(user))
    const done = access.setPin(user, (await bodyOf(request)).pin)
    return done.codes ? send(response, 200, done.codes) : refuse(response, done.status, done.detail)
  }
  if (kind === 'users' && access.users.has(name)) {
    if (request.method === 'DELETE') { access.users.delete(name); return send(response, 204) }
    const change = await bodyOf(request)
    if (change.password && change.password.length < 10) return refuse(response, 422, 'The password is too short: use at least 10 characters.')
    Object.assign(access.users.get(name), change)
    return send(response, 200, {})
  }
  if (kind === 'commands') {
    const found = request.method === 'DELETE' ? switching.drop(name, tell) : switching.find(name)
    return found ? send(response, 200, found) : refuse(response, 404, 'There is no such command.', '/problems/not-found')
  }
  if (kind === 'tokens' && access.tokens.delete(name)) return send(response, 204)
  if (kind === 'settings' && request.method === 'DELETE') {
    const status = settings.reset(name)
    return status === 200 ? send(response, 200, settings.one(name)) : refuse(response, status, `${name} can not be set back.`)
  }
  refuse(response, 404, `There is nothing at ${path}.`, '/problems/not-found')
}

const OPEN = new Set(['GET /health', 'GET /session', 'POST /session'])
const ADMIN = /^(?:GET|PUT|POST|DELETE) \/(?:users|tokens|certificate|ports|scan|settings(?!\/schema))/

async function session(request, response) {
  if (request.method === 'GET') return send(response, 200, access.describe(access.find(request)))
  if (request.method === 'DELETE') { access.signOut(access.find(request)); return send(response, 204) }
  const done = access.signIn(await bodyOf(request))
  if (done.status !== 200) return refuse(response, done.status, done.detail, done.type)
  send(response, 200, access.describe(done.session), { 'Set-Cookie': `busbar_session=${done.cookie}; HttpOnly; SameSite=Strict; Path=/` })
}

async function api(request, response, path, query) {
  if (broken) return request.socket.destroy()
  if (path === '/session') return session(request, response)
  const name = `${request.method} ${path}`
  const who = access.find(request)
  if (!OPEN.has(name) && !who && !(options.viewOpen && request.method === 'GET' && !ADMIN.test(name))) return refuse(response, 401, 'Sign in first.')
  if (ADMIN.test(name) && access.users.get(who?.user)?.role !== 'administrator') return refuse(response, 403, 'Only an administrator may do this.')
  if (request.method !== 'GET' && request.headers['x-csrf-token'] !== who?.csrf) return refuse(response, 403, 'The page is out of date. Load it again.')
  if (name === 'GET /live') return live(request, response, query)
  const route = routes[name]
  return route ? route(request, response, query) : member(request, response, path)
}

function control(path, response) {
  if (path === '/mock/break') { broken = true; for (const stream of streams) stream.destroy() }
  if (path === '/mock/mend') broken = false
  if (path === '/mock/trip') alarms.trip(tellAlarms)
  if (path === '/mock/alarms-anew') alarms.anew()
  if (path === '/mock/storm') alarms.storm(tellAlarms)
  if (path === '/mock/other-change') settings.change({ 'history.every_s': 30 + Math.floor(Math.random() * 20) })
  if (path === '/mock/first-start') { options.firstStart = true; access = makeAccess(options) }
  if (path === '/mock/list-names') access.listNames(true)
  if (path === '/mock/hide-names') access.listNames(false)
  if (path === '/mock/settled') { options.firstStart = false; access = makeAccess(options) }
  send(response, 200, {})
}

function page(path, response) {
  const file = join(dist, normalize(path).replace(/^(\.\.[/\\])+/, ''))
  const asset = extname(path) && existsSync(file)
  const found = asset ? file : join(dist, 'index.html')
  const packed = existsSync(`${found}.gz`)
  response.writeHead(200, {
    'Content-Type': TYPES[extname(found)] ?? 'application/octet-stream', 'Content-Security-Policy': CSP,
    'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer',
    'Cache-Control': /-[A-Z0-9]{8}\./.test(path) ? 'max-age=31536000, immutable' : 'no-cache',
    ...(packed ? { 'Content-Encoding': 'gzip' } : {}),
  })
  response.end(readFileSync(packed ? `${found}.gz` : found))
}

export function serve(port) {
  const server = createServer((request, response) => {
    const url = new URL(request.url, 'http://mock')
    const work = url.pathname.startsWith('/api/v1/')
      ? api(request, response, url.pathname.slice(7), url.searchParams)
      : url.pathname.startsWith('/mock/') ? control(url.pathname, response) : page(url.pathname, response)
    Promise.resolve(work).catch((cause) => { console.error(cause); if (!response.headersSent) refuse(response, 500, 'The mock stumbled.') })
  })
  return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server)))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const server = await serve(Number(process.argv[2] ?? 8090))
  console.log(`http://127.0.0.1:${server.address().port}  administrator / ${options.firstStart ? 'one-time-secret' : 'correct horse battery'}`)
}
