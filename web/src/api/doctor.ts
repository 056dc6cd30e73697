// What GET /doctor, /doctor/trial and /lines/{line}/trace say.
export type Weight = 'hint' | 'likely' | 'certain'

export interface Finding {
  kind: string
  weight: Weight
  /** null: the line. */
  unit: number | null
  device: string | null
  what: string
  evidence: string
  way_out: string
}

export interface Bucket { to_ms: number; count: number }

export interface DoctorUnit {
  device: string
  unit: number
  recent: Record<string, number>
  exceptions: { code: number; name: string; count: number }[]
  latency: Bucket[]
}

export interface DoctorLine {
  name: string
  resting: boolean
  recording: boolean
  recorded: number
  load_percent: { control: number; poll: number; gateway: number }
  recent: Record<string, number>
  findings: Finding[]
  units: DoctorUnit[]
}

export interface Doctor { lines: DoctorLine[] }

export interface Trial {
  state: 'none' | 'running' | 'done' | 'stopped' | 'failed'
  line: string | null
  problem: string | null
  tried: number
  settings: number
  units: number
  trying: { baud: number; parity: string } | null
  answered: { unit: number; baud: number; parity: string }[]
}

export interface ReachStep { ok: boolean; took_ms: number; problem: string | null }

export interface Reach { address: string | null; name: ReachStep | null; ping: ReachStep | null; connect: ReachStep | null }

export interface ReachClock { known: boolean; synchronised: boolean; error_ms: number | null }
