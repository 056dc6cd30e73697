// How often history is written: what is further apart than that is a gap, whatever step was asked for.
import { ask } from './http'
import type { Logging } from './types'

const USUAL_S = 60

let asked: Promise<number> | null = null

/** Seconds; asked once per visit. */
export function recordedEveryS(): Promise<number> {
  asked ??= ask<Logging>('/logging').then(
    (logging) => logging.every_s || USUAL_S,
    () => {
      asked = null // ask again next time
      return USUAL_S
    },
  )
  return asked
}
