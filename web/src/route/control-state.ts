// What is selected on the control page and which action is being looked at live in its address.
import type { Action } from '../api/switching'

export interface ControlState {
  /** Paths, and `group/NAME`. */
  targets: string[]
  /** The action whose outcome is shown before it is done; null while only selecting. */
  action: Action | null
  /** Of `set`: the level asked for; null where none was typed yet. */
  number?: number | null
}

export const ACTIONS: Action[] = ['on', 'off', 'reboot', 'on-delayed', 'off-delayed', 'reboot-delayed', 'pulse', 'set', 'reset-energy', 'cancel']

/** Nonsense in an address is ignored piece by piece. */
export function parseControl(search: string): ControlState {
  const all = new URLSearchParams(search)
  const targets = [...new Set(all.getAll('t').filter((one) => one.includes('/')))]
  const action = ACTIONS.find((one) => one === all.get('do')) ?? null
  if (action !== 'set' || !targets.length) return { targets, action: targets.length ? action : null }
  const number = all.get('n')
  return { targets, action, number: number && Number.isFinite(Number(number)) ? Number(number) : null }
}

/** The shortest address that parses back to the same state. */
export function printControl({ targets, action, number }: ControlState): string {
  const parts = targets.map((one) => `t=${encodeURIComponent(one).replace(/%2F/g, '/')}`)
  if (action && targets.length) parts.push(`do=${action}`)
  if (action === 'set' && targets.length && typeof number === 'number') parts.push(`n=${number}`)
  return parts.length ? `/control?${parts.join('&')}` : '/control'
}

/** In or out, the others stay. */
export function toggled(targets: string[], some: string[], into: boolean): string[] {
  const rest = targets.filter((one) => !some.includes(one))
  return into ? [...rest, ...some] : rest
}
