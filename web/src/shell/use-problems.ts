// The list of what is wrong, kept up with the stream but not computed more often than anybody can read.
import { useEffect } from 'preact/hooks'
import { Cell, useCell } from '../base/cell'
import { unitNow } from '../base/clock'
import { findProblems, type Problem } from '../model/problems'
import { health } from '../model/session'
import { site } from '../model/site'
import { values } from '../model/values'

const EVERY_MS = 1000
const found = new Cell<Problem[]>([])

/** The same rows with the same words need no drawing. */
function same(a: Problem[], b: Problem[]): boolean {
  return a.length === b.length && a.every((one, at) => one.key === b[at]!.key && one.sentence === b[at]!.sentence)
}

function look(): void {
  const next = findProblems(site.get(), (path) => values.get(path), health.get(), unitNow())
  if (!same(found.get(), next)) found.set(next)
}

/** Once, when the page starts. */
export function watchProblems(): void {
  let timer = 0
  const soon = () => {
    if (timer || document.hidden) return
    timer = window.setTimeout(() => {
      timer = 0
      look()
    }, EVERY_MS / 4)
  }
  values.batch.subscribe(soon)
  site.subscribe(look)
  health.subscribe(look)
  // Ages in the sentences grow even when nothing arrives.
  window.setInterval(() => document.hidden || look(), EVERY_MS)
}

export function useProblems(): Problem[] {
  useEffect(look, [])
  return useCell(found)
}
