// Figures of the energy pages: amounts with their unit, money, changes, and what was not read.
import type { Used } from '../../api/energy'
import { number, THIN } from '../../format/number'
import { changeWords, money, usedDecimals } from '../../format/period'
import { Aligned } from '../../parts/figure'
import { t } from '../../text'
import { compare, COMPLETE } from './model'

export const mediumName = (medium: string) => t.energy.medium[medium] ?? medium

/** With its unit, for sentences; unknown is a word, never a zero. */
export function amountWords(used: number | null, unit: string, decimals = used === null ? 0 : usedDecimals(Math.abs(used))): string {
  return used === null ? t.energy.notRead : `${number(used, decimals)}${THIN}${unit}`
}

export const shareWords = (share: number) => `${number(Math.floor(share * 100), 0)}${THIN}%`

/** What is missing, rounded so that a gap never reads as none, and what is known never as nothing. */
function missingWords(share: number): string {
  const missing = 1 - share
  const percent = (of: string) => `${of}${THIN}%`
  return missing < 0.01 ? percent(`<${THIN}1`) : missing > 0.99 ? percent(`>${THIN}99`) : percent(number(Math.round(missing * 100), 0))
}

export function Amount({ used, unit, decimals }: { used: number | null; unit: string; decimals?: number }) {
  if (used === null) return <span class="figure absent">{t.energy.notRead}</span>
  return <span class="figure"><Aligned value={used} decimals={decimals ?? usedDecimals(Math.abs(used))} /><span class="unit">{unit}</span></span>
}

export function Money({ value, currency }: { value: number | null | undefined; currency: string | null }) {
  if (value === null || value === undefined) return <span class="figure absent" data-why={t.energy.noTariff} tabIndex={0}><span aria-hidden="true">{t.value.none}</span><span class="hidden">{t.energy.noTariff}</span></span>
  return <span class="figure">{money(value, currency)}</span>
}

/** More and less have a shape; neither is a state, so neither has a colour. */
export function Change({ of }: { of: Used }) {
  const found = compare(of)
  if (!found) return <span class="figure absent">{t.value.none}</span>
  if ('missing' in found) {
    const why = t.energy.changeMissing[found.missing]!
    return <span class="figure absent" data-why={why} tabIndex={0}><span aria-hidden="true">{t.value.none}</span><span class="hidden">{why}</span></span>
  }
  const rounded = Math.round(found.share * 100)
  return <span class="figure change"><span class="shape" aria-hidden="true">{rounded > 0 ? '▲' : rounded < 0 ? '▼' : ''}</span>{changeWords(found.share)}</span>
}

/** A bar whose hatched part was not read; nothing where all was. `brief`: the bar alone, its words on focus. */
export function Covered({ of, brief }: { of: Used; brief?: boolean }) {
  const share = of.used === null ? 0 : of.covered ?? 1
  if (share >= COMPLETE) return null
  const words = of.used === null ? t.energy.notRead : t.energy.uncovered(missingWords(share))
  return (
    <span class="covered" data-why={t.energy.coveredWhy(shareWords(share))} tabIndex={0}>
      <span class="cover-bar" aria-hidden="true"><span style={{ inlineSize: `${share * 100}%` }} /></span>
      {brief ? <span class="hidden">{words}</span> : words}
    </span>
  )
}
