// A value in words: what a tooltip, a screen reader or a sentence says about it.
import type { Value } from '../api/types'
import { t } from '../text'
import { figure } from './number'
import { span } from './time'

/** A number that may be computed with: good, or old but once good. Never a bad one. */
export function known(value: Value | undefined): value is Value & { value: number } {
  return !!value && typeof value.value === 'number' && (value.quality === 'good' || value.quality === 'stale')
}

/** The device's own word for a state; the bare number only when it has none. */
export function stateWord(value: Value): string {
  if (value.text) return value.text
  return value.value === null ? t.value.none : String(value.value)
}

/** The figure with its unit, or what is said instead of one. */
export function plainValue(value: Value | undefined, decimals: number): string {
  if (!value || value.quality === 'absent' || value.value === null) return t.value.none
  if (value.quality === 'bad') return t.value.bad
  if (typeof value.value === 'string') return value.value
  return value.text ?? figure(value.value, value.unit, decimals)
}

/** Why a value is not simply good; null when it is. */
export function why(value: Value | undefined, ageMs: number | null): string | null {
  if (!value) return t.value.notYet
  switch (value.quality) {
    case 'good':
      return null
    case 'stale':
      return t.value.staleWhy(ageMs === null ? null : span(ageMs), value.reason)
    case 'bad':
      return t.value.badWhy(value.reason)
    case 'absent':
      return value.reason ?? t.value.absentWhy
  }
}
