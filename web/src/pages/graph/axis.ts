// Labels of an axis: one prefix for all of them, no more decimals than the steps need.
import { chooseScale, number } from '../../format/number'

/** Decimals that tell neighbouring labels apart, at most what the catalogue has, and three. */
export function decimalsFor(step: number, most: number): number {
  if (!(step > 0)) return 0
  const limit = Math.max(most, 3)
  for (let decimals = 0; decimals < limit; decimals++) {
    const parts = step * 10 ** decimals
    // 2.5 needs one decimal, 0.25 two: as many as make the step a whole number.
    if (Math.abs(parts - Math.round(parts)) < 1e-6 * Math.max(1, parts)) return decimals
  }
  return limit
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
