// Pulse meters of the mock: what their displays read goes on with what flows; it stands there a moment after it was set.
const DISK_MS = 700
const displays = new Map([['dc-1/pulse-1', { reading: 815.214, volume: null, since: 0 }]])

/** PUT /pulses/{path}: null when it is on its way. `volume` is what the meter has counted. */
export function setReading(path, reading, volume, hasRecord) {
  if (!hasRecord) return { status: 404, detail: `${path} is no pulse input, or has no record under pulses.` }
  if (typeof reading !== 'number' || reading < 0 || reading > 1e9) return { status: 422, detail: 'A meter reads from 0 to 1000000000.' }
  if (reading === 4711) return { status: 409, detail: `The count of ${path} is not known now: its line does not answer.` }
  displays.set(path, { reading, volume, since: Date.now() + DISK_MS, before: displays.get(path) })
  return null
}

/** What the display reads when the meter has counted `volume`. */
export function readingAt(path, volume) {
  let one = displays.get(path)
  if (one && one.since > Date.now()) one = one.before
  if (!one) return null
  one.volume ??= volume
  return one.reading + volume - one.volume
}
