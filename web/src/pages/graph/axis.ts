// Labels of an axis: one prefix for all of them, no more decimals than the steps need.
import { chooseScale, number } from '../../format/number'

export function decimalsFor(step: number, most: number): number {
  if (!(step > 0)) return 0
  const needed = Math.max(0, Math.ceil(-Math.log10(step) - 1e-9))
  return Math.min(needed, Math.max(most, 3))
}

/** The unit stands at the uppermost label only: the axis reads like the scale of an instrument. */
export function axisLabels(splits: number[], unit: string, decimals: number): string[] {
  const scale = chooseScale(unit, Math.max(0, ...splits.map(Math.abs)))
  const step = splits.length > 1 ? Math.abs(splits[1]! - splits[0]!) : 1
  const shown = decimalsFor(step / scale.divisor, decimals)
  return splits.map((split, at) => {
    const text = number(split / scale.divisor, shown)
    return at === splits.length - 1 && unit ? `${text}\u202f${scale.prefix}${unit}` : text
  })
}

/** Prefix of a read-out row, from everything in it. */
export function rowScale(unit: string, figures: number[]) {
  return chooseScale(unit, Math.max(0, ...figures.map(Math.abs)))
}
