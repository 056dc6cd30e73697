// What the gateway page computes: routes in words, rates from two looks, what of the requests was lost. Pure.
import type { Gateway, GatewayClient, GatewayCount, GatewayCounts } from '../../api/gateways'
import { t } from '../../text'

/** One entry of the routes: which units lead where. */
export interface Route {
  /** As typed, `1-31`; null for all. */
  units: string | null
  line: string
  /** The first unit there, where the numbers differ. */
  first: string | null
  /** busbar's own registers of a device. */
  own: boolean
  /** As SunSpec models. */
  sunspec: boolean
}

/** What cannot be understood is shown as it stands. */
export function routesOf(text: string): Route[] {
  return text.split(',').map((one) => one.trim()).filter(Boolean).map((entry) => {
    const words = entry.split(/\s+/)
    const target = words[words.length - 1]!
    const [line = target, first] = target.split('/')
    const units = words.length > 1 ? words.slice(0, -1).join(' ') : null
    return { units, line: line.replace(/^\w*@/, ''), first: first ?? null, own: line.includes('@'), sunspec: line.startsWith('sunspec@') }
  })
}

/** What was not answered, worst told first. */
export const LOST: GatewayCount[] = ['refused', 'unreachable', 'silent', 'busy']

export const lostOf = (counts: GatewayCounts) => LOST.reduce((sum, name) => sum + counts[name], 0)

/** “refused 12, unit silent 3”; empty where nothing was. */
export function lostWords(counts: GatewayCounts, number: (count: number) => string): string[] {
  return LOST.filter((name) => counts[name] > 0).map((name) => `${t.gateways.count[name]!.toLowerCase()} ${number(counts[name])}`)
}

/** Requests at a moment, by whom. */
export interface Look {
  at: number
  counts: Map<string, number>
}

export const clientKey = (gateway: Gateway, client: GatewayClient) => `${gateway.name} ${client.address} ${client.port}`

export function lookAt(gateways: Gateway[], at: number): Look {
  const counts = new Map<string, number>()
  for (const gateway of gateways) {
    counts.set(gateway.name, gateway.counts.requests)
    for (const client of gateway.clients) counts.set(clientKey(gateway, client), client.counts.requests)
  }
  return { at, counts }
}

/** Requests a second between two looks; null until there are two, and when the counters began anew. */
export function rateOf(before: Look | null, after: Look | null, key: string): number | null {
  const from = before?.counts.get(key)
  const to = after?.counts.get(key)
  if (!before || !after || from === undefined || to === undefined || to < from || after.at <= before.at) return null
  return ((to - from) * 1000) / (after.at - before.at)
}
