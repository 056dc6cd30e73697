// The unit's time as this page knows it. Each batch of values tells how old it is, so that the
// difference to the browser's clock corrects itself after a sleep or a clock change.
import { Cell, useCell } from './cell'

let offsetMs = 0
const tick = new Cell(0)

/** Milliseconds since 1970, by the unit's clock. */
export function unitNow(): number {
  return Date.now() + offsetMs
}

/** Learn from a time of the unit that was true just now. */
export function learnTime(unitMs: number): void {
  if (Number.isFinite(unitMs)) offsetMs = unitMs - Date.now()
}

/** Once, when the page starts. A hidden page does not tick. */
export function startClock(): void {
  const beat = () => {
    if (!document.hidden) tick.set(Math.floor(unitNow() / 1000))
  }
  beat()
  setInterval(beat, 1000)
  document.addEventListener('visibilitychange', beat)
}

/** Redraws once a second; returns the unit's time in milliseconds. */
export function useNow(): number {
  useCell(tick)
  return unitNow()
}

/** Redraws at most every `seconds`: for figures where a second says nothing. */
export function useSlowNow(seconds: number): number {
  const cell = slow(seconds)
  useCell(cell)
  return unitNow()
}

const slowCells = new Map<number, Cell<number>>()

function slow(seconds: number): Cell<number> {
  let cell = slowCells.get(seconds)
  if (!cell) {
    const made = new Cell(Math.floor(tick.get() / seconds))
    tick.subscribe(() => made.set(Math.floor(tick.get() / seconds)))
    slowCells.set(seconds, made)
    cell = made
  }
  return cell
}
