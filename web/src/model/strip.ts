// What a unit did since the counters were last looked at: the strip of a bus, made from differences.
import type { Line, LineUnit } from '../api/types'

export type Beat = 'quiet' | 'answered' | 'mixed' | 'silent'

/** One look every two seconds, two minutes wide. */
export const STRIP_BEATS = 60

/** Null when the counters ran backwards: the daemon started again in between. */
export function beatBetween(before: LineUnit, after: LineUnit): Beat | null {
  const answers = after.answers - before.answers
  const failures = failuresOf(after) - failuresOf(before)
  if (answers < 0 || failures < 0) return null
  if (!answers && !failures) return 'quiet'
  if (!failures) return 'answered'
  return answers ? 'mixed' : 'silent'
}

/** Everything that was no usable answer. */
export function failuresOf(unit: LineUnit): number {
  return unit.timeouts + unit.crc_errors + unit.exceptions + unit.mismatches
}

export type Strips = Map<string, Beat[]>

export function stripKey(line: Line, unit: LineUnit): string {
  return `${line.name}/${unit.unit}/${unit.device}`
}

/** The strips after another look at the lines; the old ones are left as they were, because a drawing may hold them. */
export function advance(strips: Strips, before: Line[] | null, after: Line[]): Strips {
  const next: Strips = new Map()
  for (const line of after) {
    const old = before?.find((one) => one.name === line.name)
    for (const unit of line.units) {
      const key = stripKey(line, unit)
      const was = old?.units.find((one) => one.device === unit.device && one.unit === unit.unit)
      const beat = was ? beatBetween(was, unit) : null
      const beats = strips.get(key) ?? []
      next.set(key, beat ? [...beats, beat].slice(-STRIP_BEATS) : beats)
    }
  }
  return next
}
