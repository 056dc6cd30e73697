// The lamps of the unit, made of the counters of two looks at its lines.
import type { Line } from '../api/types'

export interface LampStates { power: string; receive: string; transmit: string; link: string }

const answersOf = (line: Line) => line.units.reduce((sum, unit) => sum + unit.answers + unit.crc_errors + unit.mismatches + unit.late, 0)
const pollsOf = (line: Line) => line.units.reduce((sum, unit) => sum + unit.polls, 0)
const total = (lines: Line[], of: (line: Line) => number) => lines.reduce((sum, line) => sum + of(line), 0)

/** Without a look before nothing is known to have moved. */
export function lampsOf(before: Line[] | null, now: Line[]): LampStates {
  const moved = (of: (line: Line) => number) => (before && total(now, of) !== total(before, of) ? 'active' : 'off')
  const used = now.filter((line) => line.units.length)
  const open = used.filter((line) => line.state === 'open').length
  return {
    power: 'on', receive: moved(answersOf), transmit: moved(pollsOf),
    link: open === 0 ? 'off' : open < used.length ? 'some' : 'on',
  }
}
