// What is wrong, in order of harm, each with since when and a sentence that says the thing, the place, the way out.
import type { Device, Health, Site, SiteLine, Value } from '../api/types'
import { parseTime, span } from '../format/time'
import { t } from '../text'

export type Harm = 'line' | 'silent' | 'bad' | 'stale' | 'health'

const ORDER: Harm[] = ['line', 'silent', 'bad', 'health', 'stale']

/** One row of the problem strip. */
export interface Problem {
  key: string
  harm: Harm
  /** Who: a device, a point's path, a line. */
  subject: string
  /** Unit time in milliseconds; null when nobody knows. */
  since: number | null
  sentence: string
  href: string
}

/** Whether the line itself works: then the fault is at this unit, and the sentence says so. */
function othersAnswer(device: Device, site: Site): boolean {
  return site.devices.some((other) =>
    other !== device && other.line === device.line && other.line !== null && other.state === 'online')
}

function silentDevice(device: Device, site: Site, now: number): Problem {
  const since = parseTime(device.since)
  const rest = othersAnswer(device, site) && device.line ? t.problem.othersAnswer(device.line) : ''
  return {
    key: `silent ${device.name}`,
    harm: 'silent',
    subject: device.name,
    since,
    sentence: t.problem.silent(since === null ? null : span(now - since), device.reason, rest),
    href: `/device/${encodeURIComponent(device.name)}`,
  }
}

function failingLine(line: SiteLine, site: Site): Problem {
  const count = site.devices.filter((device) => device.line === line.name).length
  return {
    key: `line ${line.name}`,
    harm: 'line',
    subject: line.name,
    since: null,
    sentence: t.problem.line(line.reason, count),
    href: '/diagnostics',
  }
}

/** One sentence per device and kind: forty stale points of one meter are one problem. */
function pointProblems(device: Device, found: Value[], harm: 'bad' | 'stale', now: number): Problem | null {
  const first = found[0]
  if (!first) return null
  const times = found.map((value) => value.readAt ?? parseTime(value.time)).filter((time): time is number => time !== null)
  const since = times.length ? Math.min(...times) : null
  const reason = first.reason
  const names = found.map((value) => value.path.slice(device.name.length + 1))
  const age = since === null ? null : span(now - since)
  return {
    key: `${harm} ${device.name}`,
    harm,
    subject: device.name,
    since,
    sentence: harm === 'bad'
      ? t.problem.bad(names[0] ?? '', names.length - 1, reason)
      : t.problem.stale(names[0] ?? '', names.length, age, reason),
    href: `/device/${encodeURIComponent(device.name)}`,
  }
}

function deviceProblems(device: Device, site: Site, get: (path: string) => Value | undefined, now: number): Problem[] {
  if (device.state === 'disabled' || device.state === 'starting') return []
  // The points of a silent device are all stale for one and the same reason.
  if (device.state === 'silent') return [silentDevice(device, site, now)]
  const bad: Value[] = []
  const stale: Value[] = []
  for (const component of device.components) {
    for (const { path } of component.points) {
      const value = get(path)
      if (value?.quality === 'bad') bad.push(value)
      else if (value?.quality === 'stale') stale.push(value)
    }
  }
  return [pointProblems(device, bad, 'bad', now), pointProblems(device, stale, 'stale', now)]
    .filter((problem): problem is Problem => problem !== null)
}

/** Everything wrong at `now` (unit time, ms), worst first, then oldest first. Pure: the strip, the head and the tests ask the same. */
export function findProblems(
  site: Site | null,
  get: (path: string) => Value | undefined,
  health: Health | null,
  now: number,
): Problem[] {
  if (!site) return []
  const all: Problem[] = []
  for (const line of site.lines) if (line.state === 'failing') all.push(failingLine(line, site))
  for (const device of site.devices) all.push(...deviceProblems(device, site, get, now))
  for (const text of health?.problems ?? []) {
    // The daemon's health also counts silent devices; each is shown once, by its own row.
    if (all.some((problem) => text.startsWith(`${problem.subject} `) || text.startsWith(`${problem.subject}:`))) continue
    all.push({ key: `health ${text}`, harm: 'health', subject: t.problem.unit, since: null, sentence: text, href: '/diagnostics' })
  }
  return all.sort((a, b) =>
    ORDER.indexOf(a.harm) - ORDER.indexOf(b.harm) || (a.since ?? Infinity) - (b.since ?? Infinity))
}
