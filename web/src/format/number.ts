// Numbers as an instrument shows them: fixed decimals, thousands thin-spaced, one prefix per column.

export const MINUS = '\u2212'
export const THIN = '\u202f'

/** The two sides of the decimal point, so that a column can be aligned at it. */
export interface Digits {
  whole: string
  /** Digits after the point, without the point; empty when there are none. */
  fraction: string
}

/** Groups of three, as ISO 80000-1 writes them. */
function group(digits: string): string {
  return digits.replace(/\B(?=(\d{3})+$)/g, THIN)
}

/** Rounded half away from zero by `toFixed`, split at the point. */
export function digits(value: number, decimals: number): Digits {
  const fixed = Math.abs(value).toFixed(decimals)
  const [whole = '0', fraction = ''] = fixed.split('.')
  // Rounded to nothing is nothing: no minus before 0.0.
  const negative = value < 0 && /[1-9]/.test(fixed)
  return { whole: (negative ? MINUS : '') + group(whole), fraction }
}

export function number(value: number, decimals: number): string {
  const { whole, fraction } = digits(value, decimals)
  return fraction ? `${whole}.${fraction}` : whole
}

/** An SI prefix and what it divides by. */
export interface Scale {
  /** A value is divided by this before it is shown. */
  divisor: number
  prefix: string
}

export const PLAIN: Scale = { divisor: 1, prefix: '' }

const STEPS: Scale[] = [
  PLAIN,
  { divisor: 1e3, prefix: 'k' },
  { divisor: 1e6, prefix: 'M' },
  { divisor: 1e9, prefix: 'G' },
]

/** Units that take a prefix. Energy stays in kWh: that is how it is billed and read from a meter. */
const PREFIXED = new Set(['W', 'VA', 'var', 'V', 'Pa'])

/**
 * The prefix for a whole column, from its largest magnitude. Going back to the smaller prefix asks for
 * a fifth less than going up, so that a figure near a thousand does not change its unit all the time.
 */
export function chooseScale(unit: string, largest: number, previous: Scale = PLAIN): Scale {
  if (!PREFIXED.has(unit) || !Number.isFinite(largest)) return PLAIN
  let chosen = PLAIN
  for (const step of STEPS) {
    const limit = step.divisor <= previous.divisor ? step.divisor * 0.8 : step.divisor
    if (step === PLAIN || largest >= limit) chosen = step
  }
  return chosen
}

/** Decimals that keep the catalogue's meaning under a prefix, without false precision. */
export function scaledDecimals(decimals: number, scale: Scale): number {
  if (scale.divisor === 1) return decimals
  return Math.min(decimals + Math.round(Math.log10(scale.divisor)), 2)
}

/** A value under the prefix of its column. */
export function scaled(value: number, decimals: number, scale: Scale): Digits {
  return digits(value / scale.divisor, scaledDecimals(decimals, scale))
}

/** One figure alone, with its own prefix and unit: for sentences, tooltips and drawings. */
export function figure(value: number, unit: string, decimals: number): string {
  const scale = chooseScale(unit, Math.abs(value))
  const { whole, fraction } = scaled(value, decimals, scale)
  const text = fraction ? `${whole}.${fraction}` : whole
  const withUnit = scale.prefix + unit
  return withUnit ? `${text}${THIN}${withUnit}` : text
}

/** Bytes in steps of 1000, as disks are sold and settings are given (MB). */
export function bytes(count: number): string {
  const steps = ['B', 'kB', 'MB', 'GB', 'TB']
  let value = count
  let step = 0
  while (value >= 1000 && step < steps.length - 1) {
    value /= 1000
    step++
  }
  return `${number(value, step && value < 100 ? 1 : 0)}${THIN}${steps[step]}`
}
