// Switching over the API: what could be done, what would happen, doing it, taking it back.
import { ask, query } from './http'
import type { SettingValue, Value } from './types'

export type Action = 'on' | 'off' | 'on-delayed' | 'off-delayed' | 'reboot' | 'reboot-delayed' | 'pulse' | 'set' | 'reset-energy' | 'cancel'

export type StepState = 'pending' | 'sent' | 'confirmed' | 'cancelled' | 'refused' | 'failed' | 'unknown'
export type CommandState = 'running' | 'done' | 'failed' | 'unknown' | 'refused' | 'cancelled'

export interface Step {
  target: string
  label: string
  state: StepState
  reason: string | null
  due: string | null
  due_in_ms: number | null
  before: number | null
  before_text: string | null
  /** Of a reboot: how long it stays without power. */
  hold_ms?: number | null
  wish: number | null
  wish_text: string | null
  after: number | null
  after_text: string | null
  written_ms: number | null
  confirmed_ms: number | null
  /** Set on arrival, by this browser's clock: a countdown then needs no clock of the unit. */
  dueAt?: number | null
}

export interface Command {
  /** Null for what would happen. */
  id: string | null
  action: Action
  state: CommandState
  actor: string
  origin: string
  reason: string | null
  accepted: string | null
  took_ms: number | null
  delay_s: number
  steps: Step[]
}

/** What the live stream tells of a command: counts in place of the steps. */
export interface CommandNews {
  id: string
  state: CommandState
  steps: Record<StepState, number>
}

export interface Look {
  text: string
  colour: 'neutral' | 'green' | 'yellow' | 'red' | 'blue'
}

export interface Outlet {
  path: string
  device: string
  component: string
  kind: 'outlet' | 'output'
  label: string
  url: string | null
  switchable: boolean
  /** And whoever asks may have it done. */
  may: boolean
  critical: boolean
  locked: boolean
  state: Value
  /** Whether power comes out; null where nobody knows, with the reason. */
  powered?: boolean | null
  powered_reason?: string | null
  /** Of an output with a level (PWM), in percent. */
  level?: Value | null
  /** Of a digital output: how its states are called and coloured. */
  looks?: { off: Look; on: Look } | null
  settings: Record<string, unknown> | null
}

export interface Group {
  name: string
  fixed: string | null
  values: { label: string; members: string; step: string } & Record<string, SettingValue>
  /** The paths that its members are now. */
  outlets: string[]
}

export type InterlockKind = 'one-of' | 'never-both' | 'parent-first'

export interface Interlock {
  name: string
  fixed: string | null
  values: { kind: InterlockKind; members: string; parent: string } & Record<string, SettingValue>
  outlets: string[]
}

export interface Schedule {
  name: string
  label: string
  fixed: string | null
  enabled: boolean
  action: string
  targets: string[]
  days: number[]
  from_s: number
  to_s: number | null
  /** Of `set`: percent in the window, or at the instant; and after it. */
  level?: number | null
  level_after?: number | null
  holds: boolean
  next: { time: string; end: boolean; does: string; level?: number | null } | null
  last_text: string | null
}

export interface Budget {
  name: string
  label: string
  limit: number
  unit: 'A' | 'W'
  /** Null while nobody knows. */
  now: number | null
  basis: 'measured' | 'outlets' | 'guessed' | 'unknown'
  over: boolean
  shed: number
}

export interface Wish {
  targets: string[]
  action: Action
  /** Of `set`: the level in percent. */
  number?: number
  reason?: string
  key?: string
  confirm?: string
}

/** What would happen, with the code that critical outlets want. */
export interface Plan {
  confirm: string | null
  command: Command
}

/** Also counts as the moment from which its times run. */
function arrived(command: Command): Command {
  const now = Date.now()
  for (const step of command.steps) step.dueAt = step.due_in_ms === null ? null : now + step.due_in_ms
  return command
}

/** Of one device, or of all. */
export function loadOutlets(device: string | null = null): Promise<Outlet[]> {
  return ask<Outlet[]>(`/outlets${query({ device })}`)
}

/** Settings of an outlet; null is back to the default. */
export function changeOutlet(path: string, values: Record<string, unknown>): Promise<unknown> {
  return ask(`/outlets/${path.split('/').map(encodeURIComponent).join('/')}`, { method: 'PUT', body: values })
}

export function loadGroups(): Promise<Group[]> {
  return ask<Group[]>('/groups')
}

export function loadBudgets(): Promise<Budget[]> {
  return ask<Budget[]>('/budgets')
}

export async function loadRunning(): Promise<Command[]> {
  return (await ask<Command[]>(`/commands${query({ state: 'running' })}`)).map(arrived)
}

export async function loadCommand(id: string): Promise<Command> {
  return arrived(await ask<Command>(`/commands/${encodeURIComponent(id)}`))
}

export async function askWhat(wish: Wish, signal?: AbortSignal): Promise<Plan> {
  const plan = await ask<Plan>('/commands', { method: 'POST', body: { ...wish, only_ask: true }, signal })
  return { ...plan, command: arrived(plan.command) }
}

export async function submit(wish: Wish): Promise<Command> {
  return arrived(await ask<Command>('/commands', { method: 'POST', body: wish }))
}

export async function cancel(id: string): Promise<Command> {
  return arrived(await ask<Command>(`/commands/${encodeURIComponent(id)}`, { method: 'DELETE' }))
}
