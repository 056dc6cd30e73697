// The Modbus gateways: who asks the units through busbar, and what became of it.
import { ask } from './http'

export type GatewayCount = 'requests' | 'answered' | 'merged' | 'remembered' | 'refused' | 'unreachable' | 'silent' | 'busy' | 'writes'
export type GatewayCounts = Record<GatewayCount, number>

export interface GatewayClient {
  address: string
  port: number
  connected_ms: number
  /** Null: it has not asked anything yet. */
  quiet_ms: number | null
  underway: number
  counts: GatewayCounts
}

export interface Gateway {
  name: string
  label: string
  kind: string
  /** Of a serial one: the port and its speed. */
  listen: string
  /** Null: it does not listen, or has no network port. */
  port: number | null
  problem: string
  /** As its setting says: `1-31 bus-1, 200 @pdu-a`. */
  routes?: string
  clients_connected: number
  accepted: number
  turned_away: number
  counts: GatewayCounts
  /** Newest first. */
  clients: GatewayClient[]
}

export function loadGateways(signal?: AbortSignal): Promise<Gateway[]> {
  return ask<Gateway[]>('/gateways', { signal })
}
