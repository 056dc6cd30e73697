// Alarms that are not normal, kept up with the live stream: how many, and the worst at each point, component and device.
import { type Alarm, type AlarmCounts, type AlarmNews, loadAlarms } from '../api/alarms'
import { Problem } from '../api/http'
import { Cell, useCell, useRedraw } from '../base/cell'
import { useEffect } from 'preact/hooks'

/** So many are kept; the unit has the others. */
const KEPT = 1000

export interface Alarms {
  /** In order of harm. */
  active: Alarm[]
  counts: AlarmCounts
  /** All there are, normal ones too. */
  total: number
  /** More are active than are kept here. */
  more: boolean
}

export const NO_COUNTS: AlarmCounts = { critical: 0, warning: 0, info: 0, acknowledged: 0, lost: 0, pending: 0, silent: 0 }

/** Null until the unit has told, and where it has no alarms. */
export const alarms = new Cell<Alarms | null>(null)

const STATES = ['tripped', 'acknowledged', 'lost', 'pending', 'normal']
const SEVERITIES = ['critical', 'warning', 'info']

/** As the unit orders them: state, severity, newest first. Silent ones after all others. */
export function harm(a: Alarm, b: Alarm): number {
  return Number(a.silent) - Number(b.silent) || STATES.indexOf(a.state) - STATES.indexOf(b.state)
    || SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || (b.since ?? '').localeCompare(a.since ?? '') || a.id - b.id
}

/** The next list: what is news takes the place of what was known; what has become normal goes. */
export function merged(before: Alarm[], news: Alarm[]): Alarm[] {
  const all = new Map(before.map((one) => [one.id, one]))
  for (const one of news) {
    if (one.state === 'normal') all.delete(one.id)
    else all.set(one.id, one)
  }
  return [...all.values()].sort(harm)
}

/** Worst at each path, and at everything that it belongs to. A silent alarm marks nothing. */
export function worstOf(active: Alarm[]): Map<string, Alarm> {
  const worst = new Map<string, Alarm>()
  for (const one of active) {
    if (one.silent) continue
    const parts = one.path.split('/')
    for (let length = parts.length; length > 0; length--) {
      const path = parts.slice(0, length).join('/')
      const before = worst.get(path)
      if (!before || harm(one, before) < 0) worst.set(path, one)
    }
  }
  return worst
}

/** Tripped and not seen yet. */
export function calling(counts: AlarmCounts): number {
  return counts.critical + counts.warning + counts.info
}

let from: Alarms | null = null
let worst = new Map<string, Alarm>()

/** The worst alarm of a point, component or device path. */
export function alarmAt(path: string): Alarm | undefined {
  const now = alarms.get()
  if (now !== from) {
    from = now
    worst = worstOf(now?.active ?? [])
  }
  return worst.get(path)
}

/** Draws again only when the alarm at this path is another one. */
export function useAlarmAt(path: string | undefined): Alarm | undefined {
  const redraw = useRedraw()
  const seen = path === undefined ? undefined : alarmAt(path)
  useEffect(() => {
    if (path === undefined) return
    let last = seen
    const look = () => {
      const now = alarmAt(path)
      if (now === last) return
      last = now
      redraw()
    }
    look()
    return alarms.subscribe(look)
  }, [path, seen])
  return seen
}

/** Active alarms of a device, worst first. */
export function useAlarmsOf(device: string): Alarm[] {
  const all = useCell(alarms)
  return all?.active.filter(({ path }) => path === device || path.startsWith(`${device}/`)) ?? []
}

let asking: Promise<void> | null = null
let again = false

async function look(): Promise<void> {
  try {
    const { alarms: active, counts, more, total } = await loadAlarms({ active: true, limit: KEPT })
    alarms.set({ active: [...active].sort(harm), counts, more, total })
  } catch (cause) {
    // A unit without alarms says so; without contact the page says that elsewhere, and old alarms stay.
    if (cause instanceof Problem && (cause.status === 404 || cause.status === 503)) alarms.set(null)
  }
}

/** After a break of the stream, or when it says that there is more: all anew. One request at a time. */
export function lookAtAlarms(): void {
  if (asking) {
    again = true
    return
  }
  asking = look().finally(() => {
    asking = null
    if (!again) return
    again = false
    lookAtAlarms()
  })
}

/** The stream tells. */
export function heardAlarms({ alarms: news, counts, more }: AlarmNews): void {
  const before = alarms.get()
  // Where there was none, how many there are now is not told.
  if (more || !before || !before.total) return lookAtAlarms()
  alarms.set({ ...before, active: merged(before.active, news).slice(0, KEPT), counts })
}

/** The answer to what somebody did here: at once, the stream follows. */
export function learnAlarm(one: Alarm): void {
  const before = alarms.get()
  if (before) alarms.set({ ...before, active: merged(before.active, [one]) })
}

/** Signed out: nothing of it stays. */
export function forgetAlarms(): void {
  alarms.set(null)
}
