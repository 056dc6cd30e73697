// Commands that are under way, or ended while somebody looked: drawn by the control page and the outlet strips.
import { type Command, type CommandNews, loadCommand, loadRunning, type Step } from '../api/switching'
import { Cell } from '../base/cell'

/** Ended commands stay so long, so that their outcome can be read. */
const KEPT_MS = 60_000
/** Steps of a running command are asked for at most so often. */
const LOOK_MS = 250

/** Newest first. */
export const commands = new Cell<Command[]>([])

const ended = new Map<string, number>()
const waiting = new Map<string, number>()

function sorted(list: Command[]): Command[] {
  return [...list].sort((a, b) => (b.accepted ?? '').localeCompare(a.accepted ?? ''))
}

/** A command as it stands now takes the place of what was known of it. */
export function learn(next: Command): void {
  if (!next.id) return
  if (next.state === 'running') ended.delete(next.id)
  else if (!ended.has(next.id)) ended.set(next.id, Date.now())
  commands.set(sorted([...commands.get().filter((one) => one.id !== next.id), next]))
}

/** What ended long ago goes. */
export function forgetOld(now = Date.now()): void {
  const left = commands.get().filter((one) => one.state === 'running' || now - (ended.get(one.id ?? '') ?? now) < KEPT_MS)
  if (left.length === commands.get().length) return
  commands.set(left)
  const ids = new Set(left.map((one) => one.id))
  for (const id of [...ended.keys()]) if (!ids.has(id)) ended.delete(id)
}

function look(id: string): void {
  waiting.delete(id)
  loadCommand(id).then(learn, () => {})
}

/** The stream says that commands changed; their steps are asked for, each at most four times a second. */
export function heard(news: CommandNews[], more: boolean): void {
  for (const { id } of news) {
    if (!waiting.has(id)) waiting.set(id, window.setTimeout(() => look(id), commands.get().some((one) => one.id === id) ? LOOK_MS : 0))
  }
  if (more) void lookAgain()
}

/** After every break of the stream: what is under way, and what became of the rest. */
export async function lookAgain(): Promise<void> {
  try {
    const running = await loadRunning()
    const ids = new Set(running.map((one) => one.id))
    for (const one of commands.get()) if (one.id && one.state === 'running' && !ids.has(one.id)) look(one.id)
    for (const one of running) learn(one)
  } catch {
    // The live stream says that there is no contact; without the right to look there is nothing to draw.
  }
}

/** The step that is not finished at each path. */
export function openSteps(list: Command[]): Map<string, { command: Command; step: Step }> {
  const found = new Map<string, { command: Command; step: Step }>()
  for (const command of list) {
    if (command.state !== 'running') continue
    for (const step of command.steps) {
      const open = step.state === 'pending' || step.state === 'sent' || step.state === 'unknown'
      if (open && !found.has(step.target)) found.set(step.target, { command, step })
    }
  }
  return found
}

/** Milliseconds until the next thing happens anywhere in it; null when nothing waits for its time. */
export function nextIn(command: Command, now: number): number | null {
  let next: number | null = null
  for (const step of command.steps) {
    if (step.state !== 'pending' || step.dueAt === null || step.dueAt === undefined) continue
    if (next === null || step.dueAt < next) next = step.dueAt
  }
  return next === null ? null : Math.max(0, next - now)
}

/** How many steps are over. */
export function doneCount(command: Command): number {
  return command.steps.filter(({ state }) => state !== 'pending' && state !== 'sent').length
}
