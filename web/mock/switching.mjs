// Switching in the mock: one PDU that obeys 60 ms after it was asked, delays and all.
import { points, value } from './values.mjs'

const NAMES = { 1: 'Router', 2: 'Core switch', 3: 'Firewall', 4: 'Console server', 9: 'Web server 1', 10: 'Web server 2', 13: 'Storage' }
const CRITICAL = new Set(['pdu-a/outlet-2', 'pdu-a/outlet-13'])
const LOCKED = new Set(['pdu-a/outlet-24'])
/** Closed contacts behind an open breaker. */
const DEAD = new Set(['pdu-a/outlet-19', 'pdu-a/outlet-20'])
const WORDS = { 1: 'on', 0: 'off' }
const state = new Map()
/** What was set, by the path of the point. */
const levels = new Map()
const commands = []
let nextId = 1

const paths = () => [...points.keys()].filter((path) => /\/outlet-\d+\/state$|\/output-2\/state$/.test(path)).map((path) => path.slice(0, -6))

/** What the strips show: the switched state before the simulated one. */
export function overlay(one) {
  const level = levels.get(one.path)
  if (level !== undefined) return { ...one, value: level }
  const at = state.get(one.path.replace(/\/state$/, ''))
  return one.quantity === 'state' && at !== undefined ? { ...one, value: at, text: WORDS[at] } : one
}

const now = (path) => overlay(value(`${path}/state`)).value
const label = (path) => path.includes('/output-') ? 'Cabinet fan' : NAMES[/\d+$/.exec(path)[0]] ?? `Outlet ${/\d+$/.exec(path)[0]}`

export function outlets() {
  return paths().map((path) => ({
    path, device: path.split('/')[0], component: path.split('/')[1], kind: path.includes('/output-') ? 'output' : 'outlet', label: label(path),
    url: path.endsWith('-9') ? 'http://192.0.2.9/' : null, switchable: true, may: true, critical: CRITICAL.has(path), locked: LOCKED.has(path),
    powered: DEAD.has(path) ? false : now(path) === 1, powered_reason: DEAD.has(path) ? 'The breaker of circuit-5 is open.' : null,
    state: overlay(value(`${path}/state`)), level: path.includes('/output-') ? overlay(value(`${path}/level`)) : null, pending: null, settings: {},
  }))
}

const GROUPS = { network: ['Network', [1, 2, 3, 4]], web: ['Web servers', [9, 10]] }

export function groups() {
  return Object.entries(GROUPS).map(([name, [words, numbers]]) => ({
    name, fixed: null, values: { label: words, members: '', step: '100 ms' }, outlets: numbers.map((number) => `pdu-a/outlet-${number}`),
  }))
}

const expand = (targets) => [...new Set(targets.flatMap((one) => groups().find((group) => `group/${group.name}` === one)?.outlets ?? [one]))]

function shown(command) {
  const at = Date.now()
  return {
    ...command, timers: undefined,
    steps: command.steps.map((step) => ({ ...step, due_in_ms: step.dueAt === null ? null : Math.max(0, step.dueAt - at), dueAt: undefined,
      before_text: WORDS[step.before] ?? null, wish_text: command.action === 'set' ? null : WORDS[step.wish], after_text: WORDS[step.after] ?? null })),
  }
}

function plan({ targets, action, number }) {
  const delay = action.endsWith('-delayed') ? 5000 : 0
  const steps = expand(targets).map((path, index) => ({
    target: path, label: label(path), state: 'pending', reason: null, due: null, dueAt: Date.now() + delay + index * 100, 
    before: action === 'set' ? value(`${path}/level`).value : now(path),
    hold_ms: action.startsWith('reboot') ? 5000 : null, wish: action === 'set' ? number : action.startsWith('on') ? 1 : 0, after: null, written_ms: null, confirmed_ms: null,
  }))
  return { id: null, action, state: 'running', actor: 'administrator', origin: '127.0.0.1', reason: null, accepted: new Date().toISOString(), took_ms: null, delay_s: 0, steps, timers: [] }
}

const over = (step) => !['pending', 'sent'].includes(step.state)

function settle(command, tell) {
  if (command.steps.every(over)) {
    command.state = command.steps.every((step) => step.state === 'confirmed') ? 'done' : 'cancelled'
    command.took_ms = Date.now() - Date.parse(command.accepted)
  }
  tell(command)
}

function write(command, step, tell) {
  step.state = 'sent'
  step.dueAt = null
  tell(command)
  command.timers.push(setTimeout(() => {
    if (command.action === 'set') levels.set(`${step.target}/level`, step.wish)
    else state.set(step.target, step.wish)
    step.after = step.wish
    if (command.action.startsWith('reboot') && step.wish === 0) {
      Object.assign(step, { state: 'pending', wish: 1, dueAt: Date.now() + 5000 })
      command.timers.push(setTimeout(() => write(command, step, tell), 5000))
      return tell(command)
    }
    Object.assign(step, { state: 'confirmed', confirmed_ms: Date.now() - Date.parse(command.accepted) })
    settle(command, tell)
  }, 60))
}

/** Answers { status, body }. */
export function post(wish, tell) {
  const command = plan(wish)
  const code = command.steps.some((step) => CRITICAL.has(step.target) && step.wish === 0) ? 'K7-RACK' : null
  if (wish.only_ask) return { status: 200, body: { confirm: code, command: shown(command) } }
  if (code && wish.confirm !== code) return { status: 409, body: { type: '/problems/confirm-required', title: 'Confirm', status: 409, detail: 'A critical outlet must be confirmed.', confirm: code } }
  command.id = `c${nextId++}`
  commands.unshift(command)
  for (const step of command.steps) command.timers.push(setTimeout(() => write(command, step, tell), Math.max(0, step.dueAt - Date.now())))
  tell(command)
  return { status: 202, body: shown(command) }
}

export const list = (wanted) => commands.filter((one) => !wanted || one.state === wanted).map(shown)
export const find = (id) => { const one = commands.find((command) => command.id === id); return one && shown(one) }

export function drop(id, tell) {
  const command = commands.find((one) => one.id === id)
  if (!command || command.state !== 'running') return null
  command.timers.forEach(clearTimeout)
  for (const step of command.steps) if (!over(step)) Object.assign(step, { state: 'cancelled', dueAt: null, after: now(step.target) })
  settle(command, tell)
  return shown(command)
}
