// Alarms over the API: how they stand, what people do about them, how often a rule would have fired, who is told.
import { ask, query } from './http'
import type { SettingValue } from './types'

export type AlarmState = 'normal' | 'pending' | 'tripped' | 'acknowledged' | 'lost'
export type AlarmSeverity = 'info' | 'warning' | 'critical'

export interface Alarm {
  id: number
  rule: string
  label: string
  /** Of the point; of the device for lost contact. */
  path: string
  severity: AlarmSeverity
  state: AlarmState
  /** Has recovered and waits for a person. */
  latched: boolean
  since: string | null
  since_ms: number
  raised: string | null
  value: number | null
  limit: number | null
  decimals: number
  unit: string
  by: string | null
  by_time: string | null
  shelved_until: string | null
  /** Path of the alarm that explains this one, or why it is mute. */
  suppressed_by: string | null
  /** Shelved or suppressed: nobody is told. */
  silent: boolean
  /** Its sounders are wanted on; somebody silenced them. */
  sounding: boolean
  muted: boolean
  times: number
  flapping: boolean
  recipients: string[]
  text: string
  /** On the stream: what just happened. */
  change?: string
}

/** Tripped by severity without the silent ones, and how many stand otherwise. */
export interface AlarmCounts {
  critical: number
  warning: number
  info: number
  acknowledged: number
  lost: number
  pending: number
  silent: number
}

export interface AlarmPage {
  alarms: Alarm[]
  more: boolean
  total: number
  counts: AlarmCounts
}

/** What the live stream tells. */
export interface AlarmNews {
  alarms: Alarm[]
  counts: AlarmCounts
  more: boolean
}

export interface AlarmFilter {
  active?: boolean
  state?: string[]
  severity?: string
  device?: string
  path?: string
  rule?: string
  offset?: number
  limit?: number
}

export function loadAlarms({ active, ...rest }: AlarmFilter, signal?: AbortSignal): Promise<AlarmPage> {
  return ask<AlarmPage>(`/alarms${query({ ...rest, active: active ? 'true' : null })}`, { signal })
}

export type AlarmDeed = 'acknowledge' | 'shelve' | 'unshelve' | 'mute' | 'clear'

/** `duration` of shelving: as in `30 min`. */
export function doAlarm(id: number, deed: AlarmDeed, how: { reason?: string; duration?: string }): Promise<Alarm> {
  return ask<Alarm>(`/alarms/${id}/${deed}`, { method: 'POST', body: how })
}

export interface AlarmRule {
  name: string
  fixed: string | null
  values: Record<string, SettingValue>
}

export interface PreviewPoint {
  path: string
  count: number
  share: number | null
  resolution_s: number
  spans: { from: string; to: string | null; worst: number | null }[]
  more: boolean
}

export interface Preview {
  from: string
  to: string
  /** Null while the rule has mistakes, or is about nothing. */
  count: number | null
  share: number | null
  points: PreviewPoint[]
  more: boolean
  notes: string[]
  mistakes: { key: string; error: string }[]
}

export function previewRule(values: Record<string, SettingValue>, from: string, signal?: AbortSignal): Promise<Preview> {
  return ask<Preview>('/alarm-rules/preview', { method: 'POST', body: { ...values, from, to: 'now' }, signal })
}

export interface Recipient {
  name: string
  fixed: string | null
  values: Record<string, SettingValue>
}

/** How the queue of one recipient stands. */
export interface Notices {
  recipient: string
  kind: string
  waiting: number
  last: string | null
  next: string | null
  next_in_ms: number | null
  problem: string | null
  delivered: number
  given_up: number
}

export function loadNotices(): Promise<Notices[]> {
  return ask<Notices[]>('/notices')
}

export interface TestResult {
  delivered: boolean
  words: string
  /** The whole conversation with the server. */
  dialogue: string[]
}

export function testRecipient(name: string): Promise<TestResult> {
  return ask<TestResult>(`/recipients/${encodeURIComponent(name)}/test`, { method: 'POST', body: {} })
}

/** Now, beside its times. Taken, not yet delivered. */
export function sendReport(name: string): Promise<void> {
  return ask(`/reports/${encodeURIComponent(name)}/send`, { method: 'POST' })
}
