// The nouns of the API, as docs/api.md states them.

export type Quality = 'good' | 'stale' | 'bad' | 'absent'

/** What a point says, with how far it can be trusted. */
export interface Value {
  path: string
  quantity: string
  unit: string
  value: number | string | null
  /** The word of a state, beside its number. */
  text?: string
  /** When the device was asked, RFC 3339. */
  time: string | null
  age_ms: number | null
  quality: Quality
  reason: string | null
  /** Set on arrival: when it was read, in this page's idea of the unit's time. Also without a set clock. */
  readAt?: number | null
}

export type PointKind = 'gauge' | 'counter' | 'state' | 'text'

export interface Point {
  path: string
  quantity: string
  label: string
  kind: PointKind
  unit: string
  decimals: number
}

export interface Component {
  name: string
  kind: string
  number: number | null
  label: string | null
  fed_by: string | null
  rated_current: number | null
  points: Point[]
}

export type DeviceState = 'online' | 'starting' | 'silent' | 'disabled'
export type Role = 'meter' | 'pdu' | 'supply' | 'battery' | 'sensor' | 'relay' | 'inverter' | 'combiner'

export interface Device {
  name: string
  label: string | null
  role: Role
  state: DeviceState
  reason: string | null
  since: string | null
  line: string | null
  unit: number | null
  profile: string | null
  vendor: string | null
  model: string | null
  serial: string | null
  firmware: string | null
  fed_by: string | null
  every_ms: number | null
  components: Component[]
}

export interface SiteLine {
  name: string
  kind: string
  state: string
  reason: string | null
}

export interface Site {
  name: string
  location: string | null
  contact: string | null
  time_zone: string
  /** Null while the clock is not set. */
  time: string | null
  clock_known: boolean
  version: string
  address: string | null
  started: string | null
  revision: string | number
  devices: Device[]
  lines: SiteLine[]
}

export type AccessRole = 'view' | 'control' | 'installer' | 'administrator'

/** `user` and `csrf` are null while nobody is signed in. */
export interface Session {
  user: string | null
  role: AccessRole | null
  csrf: string | null
  view_open: boolean
  first_start: boolean
  /** Where the menu stands, and the page at which this user or role begins. */
  menu?: 'side' | 'top'
  home?: string
  /** Whether anybody has a PIN; who, where the site wants names listed. */
  pin_sign_in?: boolean
  names?: string[]
}

export interface Health {
  status: 'ok' | 'degraded'
  version: string
  uptime_s: number
  problems: string[]
  /** Why what is measured is not recorded; said at the head of every page. */
  history_problem?: string | null
}

/** One bucket: time (RFC 3339 or unix ms), minimum, average, maximum, last, count of readings; of counters what it rose by. */
export type HistoryRow = [string | number, number | null, number | null, number | null, number | null, number, (number | null)?]

export interface HistorySeries {
  path: string
  quantity: string
  unit: string
  decimals: number
  rows: HistoryRow[]
}

export interface History {
  from: string | number
  to: string | number
  /** What gives the same buckets again: raw, seconds, 1d, 1mo, ... */
  step?: string
  step_s: number
  /** Where to ask on for what did not fit; null: this is all. */
  next?: string | number | null
  series: HistorySeries[]
}

/** Counters since the daemon started. */
export interface LineUnit {
  device: string
  unit: number
  state: string
  polls: number
  answers: number
  timeouts: number
  crc_errors: number
  exceptions: number
  mismatches: number
  late: number
  latency_ms: { median: number | null; p99: number | null; max: number | null } | null
  retry_in_ms: number | null
  last_error: string | null
  last_error_time: string | null
}

export interface Line {
  name: string
  kind: string
  endpoint: string
  state: string
  reason: string | null
  queue: number
  busy_percent: number
  units: LineUnit[]
}

export type SettingValue = string | number | boolean | null | string[]

/** A setting as its module declares it; the form is made from nothing else. */
export interface SettingRow {
  key: string
  type: string
  unit?: string | null
  min?: number | null
  max?: number | null
  choices?: string[] | null
  default?: SettingValue
  right?: string
  apply?: 'live' | 'restart' | string
  secret?: boolean
  required?: boolean
  /** A collection whose names are possible values. */
  refers_to?: string | null
  help?: string
}

export interface SettingTable {
  name: string
  label: string
  help?: string | null
  collection: boolean
  rows: SettingRow[]
}

/** What a setting is now and where that comes from. */
export interface SettingEntry {
  key: string
  value: SettingValue
  default: SettingValue
  source: 'default' | 'page' | 'file'
  place: string | null
}

export interface Settings {
  revision: string | number
  values: SettingEntry[]
}

export interface User {
  name: string
  role: AccessRole
  must_change: boolean
  password?: boolean
  pin?: 'none' | 'set' | 'blocked' | 'puk-blocked'
  /** Null: where the role begins. */
  home?: string | null
  /** Wrong passwords make others wait until then; null: nobody has to. */
  locked_until?: string | null
}

/** Shown once; a PIN that was chosen is null. */
export interface Codes {
  pin: string | null
  puk: string | null
}

export interface Token {
  id: string
  name: string
  role: AccessRole
  created?: string | null
  expires?: string | null
  last_used?: string | null
}

export interface Logging {
  every_s: number
  points: number
  bytes: number
  oldest: string | null
  lasts_days: number | null
}

export interface Profile {
  name: string
  vendor: string
  model: string
  title?: string
  role?: string
}

/** A serial port of the unit: `path` may be a lasting name of `device`. */
export interface Port {
  path: string
  device: string
}

export interface ScanUnit {
  unit: number
  latency_ms: number
  profiles: { name: string; vendor: string; model: string; certain: boolean }[]
}

export interface Scan {
  state: 'none' | 'running' | 'done' | 'stopped' | 'failed'
  line: string | null
  problem: string | null
  first: number
  last: number
  asked: number
  found: ScanUnit[]
}

/** The certificate of HTTPS; the key is never told. */
export interface Certificate {
  source: 'unit' | 'files'
  path: string | null
  in_use: boolean
  problem: string | null
  subject: string | null
  issuer: string | null
  self_signed: boolean | null
  names: string[]
  valid_from: string | null
  valid_until: string | null
  serial: string | null
  fingerprint: string | null
  key: string | null
  chain: { subject: string; issuer: string; valid_until: string | null }[]
}

export interface LogEvent {
  id: number
  /** Null while the date is not known. */
  time: string | number | null
  time_known: boolean
  uptime_s: number
  kind: string
  severity: 'info' | 'notice' | 'warning' | 'error'
  actor: string | null
  origin: string | null
  object: string | null
  text: string
  detail: unknown
}

export interface EventPage {
  events: LogEvent[]
  more: boolean
  /** For the next page. */
  before: number | null
  last: number
}

export interface EventKind {
  name: string
  severity: string
  label: string
  help: string
}
