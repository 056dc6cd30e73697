// The phases of a unit side by side against the rating of the breaker, and how far they are apart.
import type { Component, Device } from '../api/types'
import { number } from '../format/number'
import { known } from '../format/value'
import { imbalance } from '../model/power'
import { componentsOf, pointOf } from '../model/site'
import { useValues } from '../model/values'
import { t } from '../text'
import { LoadBar } from './bar'
import { Figure } from './figure'

/** Phases of a wye unit; the lines between them of a delta unit. */
export function phasesOf(device: Device): Component[] {
  const phases = componentsOf(device, 'phase').filter((phase) => pointOf(phase, 'current'))
  return phases.length ? phases : componentsOf(device, 'line').filter((line) => pointOf(line, 'current'))
}

/** Equal widths and one rating: the bars can be compared by eye. */
export function Phase({ phase }: { phase: Component }) {
  const current = pointOf(phase, 'current')
  return (
    <div class="phase">
      <span class="phase-name">{t.componentShort[phase.name] ?? phase.name}</span>
      <span class="phase-figure"><Figure point={current} unit most={1} /></span>
      <LoadBar point={current} rating={phase.rated_current} />
      {phase.rated_current !== null && (
        <span class="rating">{t.overview.rating(`${number(phase.rated_current, 0)}\u202fA`)}</span>
      )}
    </div>
  )
}

/** Shown only when every phase is known: two of three would be a guess. */
export function Imbalance({ phases }: { phases: Component[] }) {
  const found = useValues(phases.map((phase) => pointOf(phase, 'current')?.path ?? ''))
  const currents = found.filter(known).map((value) => value.value)
  const share = currents.length === phases.length ? imbalance(currents) : null
  if (share === null) return null
  return <span class="imbalance">{t.overview.imbalance(`${number(share * 100, 0)}\u202f%`)}</span>
}
