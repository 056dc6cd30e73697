// The NUT server: what it offers, who is connected, and a person's say in a forced shutdown.
import { ask } from './http'

export interface NutUps {
  name: string
  label: string
  device: string | null
  group: string | null
  /** The device with the battery behind it; null where none is known. */
  supply: string | null
  contact: 'fine' | 'stale' | 'none'
  /** NUT's words (`OL CHRG`); empty: not known. */
  status: string
  attached: number
  low: boolean
  forced: boolean
  outlets_off: boolean
  on_battery_ms: number | null
  forced_ms: number | null
}

export interface NutClient {
  address: string
  port: number
  /** Empty: not signed in. */
  user: string
  /** The ups it is attached to, or empty. */
  attached: string
  encrypted: boolean
  primary: boolean
  connected_ms: number
  /** Null: it has not asked anything yet. */
  quiet_ms: number | null
}

export type NutCount = 'requests' | 'errors' | 'sign_ins' | 'sign_ins_refused' | 'commands' | 'commands_refused'

export interface Nut {
  listen: string
  /** Null: it does not listen, see `problem`. */
  port: number | null
  problem: string
  tls: boolean
  tls_required: boolean
  clients_connected: number
  accepted: number
  turned_away: number
  slow: number
  counts: Record<NutCount, number>
  ups: NutUps[]
  clients: NutClient[]
}

export function loadNut(signal?: AbortSignal): Promise<Nut> {
  return ask<Nut>('/nut', { signal })
}

/** Forces the shutdown of all hosts that are attached, or ends it. */
export function forceShutdown(ups: string, forced: boolean): Promise<void> {
  return ask(`/nut/${encodeURIComponent(ups)}/shutdown`, { method: forced ? 'POST' : 'DELETE' })
}
