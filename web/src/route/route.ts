// Paths of the pages, and going from one to another without loading the document again.
import { Cell } from '../base/cell'

export type Route =
  | { page: 'overview' }
  | { page: 'device'; name: string }
  | { page: 'control'; section: string; search: string }
  | { page: 'alarms'; section: string; search: string }
  | { page: 'energy'; section: string; search: string }
  | { page: 'meters'; search: string }
  | { page: 'graph'; search: string }
  | { page: 'events'; search: string }
  | { page: 'diagnostics'; section: string }
  | { page: 'settings'; section: string | null }
  | { page: 'account' }
  | { page: 'sign-in'; next: string }
  | { page: 'unknown'; path: string }

/** Sections of pages that have several, beside what they open with. */
const CONTROL = ['groups', 'interlocks', 'schedules', 'settings']
const ALARMS = ['rules', 'recipients', 'reports', 'setup']
const ENERGY = ['calendar', 'demand', 'groups', 'tariffs']
const DIAGNOSTICS = ['gateways', 'nut']

/** Pure, so that every path can be tested without a browser. */
export function parseRoute(path: string, search: string): Route {
  const parts = path.split('/').filter(Boolean).map(decode)
  const [first, second] = parts
  if (!first) return { page: 'overview' }
  if (first === 'device' && second && parts.length === 2) return { page: 'device', name: second }
  if (first === 'control' && parts.length <= 2 && (!second || CONTROL.includes(second))) return { page: 'control', section: second ?? '', search }
  if (first === 'alarms' && parts.length <= 2 && (!second || ALARMS.includes(second))) return { page: 'alarms', section: second ?? '', search }
  if (first === 'energy' && parts.length <= 2 && (!second || ENERGY.includes(second))) return { page: 'energy', section: second ?? '', search }
  if (first === 'meters' && parts.length === 1) return { page: 'meters', search }
  if (first === 'graph' && parts.length === 1) return { page: 'graph', search }
  if (first === 'events' && parts.length === 1) return { page: 'events', search }
  if (first === 'diagnostics' && parts.length <= 2 && (!second || DIAGNOSTICS.includes(second))) return { page: 'diagnostics', section: second ?? '' }
  if (first === 'settings' && parts.length <= 2) return { page: 'settings', section: second ?? null }
  if (first === 'account' && parts.length === 1) return { page: 'account' }
  if (first === 'sign-in' && parts.length === 1) return { page: 'sign-in', next: safeNext(search) }
  return { page: 'unknown', path }
}

/** A broken escape is shown as it is rather than breaking the page. */
function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** Only a path of these pages: a link must not send somebody elsewhere after signing in. */
export function safeNext(search: string): string {
  const next = new URLSearchParams(search).get('next') ?? '/'
  return /^\/(?![/\\])/.test(next) && !next.startsWith('/sign-in') ? next : '/'
}

/** Remembers where somebody wanted to go. */
export function signInAddress(from: string): string {
  return from === '/' || from.startsWith('/sign-in') ? '/sign-in' : `/sign-in?next=${encodeURIComponent(from)}`
}

export function deviceAddress(name: string): string {
  return `/device/${encodeURIComponent(name)}`
}

function here(): Route {
  return parseRoute(location.pathname, location.search)
}

export const route = new Cell<Route>({ page: 'overview' })

/** A page with unsaved changes may hold a departure; it returns false to stay. */
let guard: (() => boolean) | null = null
let guarded: 'page' | 'address' = 'page'

/** Null lets go again. `address`: another query of the same page is a departure too. */
export function guardLeaving(ask: (() => boolean) | null, what: 'page' | 'address' = 'page'): void {
  guard = ask
  guarded = what
}

export function address(): string {
  return location.pathname + location.search
}

/** Goes to a path of these pages. Same page, other query (a graph that is moved): the scroll stays where it is. */
export function go(to: string, how: 'push' | 'replace' = 'push'): void {
  const before = location.pathname
  const target = new URL(to, location.origin)
  const leaves = guarded === 'page' ? target.pathname !== before : target.pathname + target.search !== address()
  if (leaves && guard && !guard()) return
  if (target.pathname + target.search !== address() || target.hash) {
    history[how === 'push' ? 'pushState' : 'replaceState'](null, '', to)
  }
  route.set(here())
  if (location.pathname !== before) arrive()
}

/** A new page starts at its top, with the keyboard at its heading. */
function arrive(): void {
  window.scrollTo(0, 0)
  requestAnimationFrame(() => document.getElementById('page')?.focus({ preventScroll: true }))
}

/** Takes over plain clicks on our own links; everything else (new tab, download, API) stays the browser's. */
function onClick(event: MouseEvent): void {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const link = (event.target as Element | null)?.closest?.('a')
  const to = link?.getAttribute('href')
  if (!link || !to || !to.startsWith('/') || to.startsWith('/api/') || link.hasAttribute('download') || link.target) return
  event.preventDefault()
  go(to)
}

/** Once, when the page starts. */
export function startRouting(): void {
  route.set(here())
  document.addEventListener('click', onClick)
  window.addEventListener('popstate', () => route.set(here()))
}
