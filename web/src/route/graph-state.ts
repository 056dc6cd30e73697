// A graph lives in its address: which points, which span. Nothing else is needed to find it again.
export interface GraphState {
  paths: string[]
  /** Relative (`-6h`), `now`, or seconds since 1970. */
  from: string
  to: string
}

export const DEFAULT_FROM = '-6h'
export const PRESETS = ['-15m', '-1h', '-6h', '-24h', '-7d', '-30d', '-365d']

/** The API takes at most this many points at once. */
export const MAX_PATHS = 16

const UNIT_S: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86400 }

/** Nonsense in an address is ignored piece by piece: what can be understood is shown. */
export function parseGraph(search: string): GraphState {
  const all = new URLSearchParams(search)
  const paths = [...new Set(all.getAll('p').filter(Boolean))].slice(0, MAX_PATHS)
  const from = all.get('from')
  const to = all.get('to')
  return {
    paths,
    from: from && seconds(from, 0) !== null ? from : DEFAULT_FROM,
    to: to && seconds(to, 0) !== null ? to : 'now',
  }
}

/** The shortest address that parses back to the same state; defaults are left out. */
export function printGraph(state: GraphState): string {
  // Slashes stay readable: they need no escape in a query.
  const parts = state.paths.map((path) => `p=${encodeURIComponent(path).replace(/%2F/g, '/')}`)
  if (state.from !== DEFAULT_FROM || state.to !== 'now') parts.push(`from=${encodeURIComponent(state.from)}`)
  if (state.to !== 'now') parts.push(`to=${encodeURIComponent(state.to)}`)
  return parts.length ? `/graph?${parts.join('&')}` : '/graph'
}

/** Seconds since 1970 of a bound; null when it is none. */
export function seconds(bound: string, nowS: number): number | null {
  if (bound === 'now') return nowS
  const relative = /^-(\d+(?:\.\d+)?)([smhd])$/.exec(bound)
  if (relative) return nowS - Number(relative[1]) * UNIT_S[relative[2]!]!
  if (/^\d{9,11}$/.test(bound)) return Number(bound)
  const ms = /^\d{4}-/.test(bound) ? Date.parse(bound) : NaN
  return Number.isFinite(ms) ? ms / 1000 : null
}

/** Seconds since 1970. */
export interface Span {
  from: number
  to: number
}

/** The span at this moment: relative bounds move with the clock. */
export function spanOf(state: GraphState, nowS: number): Span {
  const to = seconds(state.to, nowS) ?? nowS
  const from = seconds(state.from, nowS) ?? to - 6 * 3600
  return from < to ? { from, to } : { from: to - 3600, to }
}

/** Whether the right edge is now, so that readings are appended. */
export function isLive(state: GraphState): boolean {
  return state.to === 'now'
}

/** A moved graph stands still: its bounds become absolute. */
function fixed(from: number, to: number): Pick<GraphState, 'from' | 'to'> {
  return { from: String(Math.round(from)), to: String(Math.round(to)) }
}

/** By a share of the span; moving right stops at now. */
export function panned(state: GraphState, share: number, nowS: number): GraphState {
  const { from, to } = spanOf(state, nowS)
  const width = to - from
  const shift = Math.min(width * share, nowS - to)
  return { ...state, ...fixed(from + shift, to + shift) }
}

/** Factor above 1 shows more time, below 1 less, around the middle; never beyond now. */
export function zoomed(state: GraphState, factor: number, nowS: number): GraphState {
  const { from, to } = spanOf(state, nowS)
  const half = Math.max(((to - from) * factor) / 2, 5)
  const middle = (from + to) / 2
  const end = Math.min(middle + half, nowS)
  return { ...state, ...fixed(Math.max(0, end - 2 * half), end) }
}

/** A slip of less than two seconds is a click, not a selection. */
export function selected(state: GraphState, from: number, to: number): GraphState {
  return to - from < 2 ? state : { ...state, ...fixed(from, to) }
}
