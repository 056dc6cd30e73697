// One live figure: aligned at the decimal point, honest about its quality.
import { useEffect, useState } from 'preact/hooks'
import type { Point, Value } from '../api/types'
import { useSlowNow } from '../base/clock'
import { chooseScale, digits, PLAIN, scaledDecimals, type Scale } from '../format/number'
import { span } from '../format/time'
import { known, stateWord, why } from '../format/value'
import { ageOf, useValue, values } from '../model/values'
import { t } from '../text'
import { AlarmMark } from './alarm-marks'

/** Digits with the fraction padded to the column's width by digits nobody sees. */
export function Aligned({ value, decimals, pad }: { value: number; decimals: number; pad?: number }) {
  const { whole, fraction } = digits(value, decimals)
  const missing = Math.max(0, (pad ?? 0) - fraction.length)
  const filler = (fraction ? '' : pad ? '.' : '') + '0'.repeat(missing)
  return (
    <>
      {whole}
      {fraction && <span class="fraction">.{fraction}</span>}
      {filler && <span class="filler" aria-hidden="true">{filler}</span>}
    </>
  )
}

/** Keeps the place of a fraction, so that a dash stands where the whole number would. */
function Filler({ pad }: { pad: number | undefined }) {
  return pad ? <span class="filler" aria-hidden="true">.{'0'.repeat(pad)}</span> : null
}

export interface FigureProps {
  point: Point | undefined
  scale?: Scale
  /** Decimals of the widest figure of the column. */
  pad?: number
  /** Show the unit behind the figure. */
  unit?: boolean
  /** Show the age of a stale value beside it: where no age column does. */
  aged?: boolean
  /** Fewer decimals than the catalogue has, where only the size matters. */
  most?: number
}

/** A value with the alarm that stands at it. */
export function Figure(props: FigureProps) {
  return <><AlarmMark path={props.point?.path} /><Reading {...props} /></>
}

/** Good, stale, bad or absent: the only place that decides how a value looks. */
function Reading({ point, scale, pad, unit, aged, most = 9 }: FigureProps) {
  const value = useValue(point?.path)
  if (!point) return <span class="figure missing"><span aria-hidden="true">·</span><Filler pad={pad} /></span>
  if (!value || value.quality === 'absent' || value.value === null) {
    return value?.quality === 'bad' ? <Bad value={value} pad={pad} /> : <Absent value={value} pad={pad} />
  }
  if (value.quality === 'bad') return <Bad value={value} pad={pad} />
  const used = scale ?? (unit && typeof value.value === 'number' ? chooseScale(value.unit, Math.abs(value.value)) : PLAIN)
  const body = point.kind === 'state' || typeof value.value === 'string'
    ? stateWord(value)
    : <Aligned value={value.value / used.divisor} decimals={Math.min(scaledDecimals(point.decimals, used), most)} pad={pad} />
  const tail = unit && point.unit ? <span class="unit">{used.prefix}{point.unit}</span> : null
  if (value.quality === 'stale') return <Stale value={value} aged={aged}>{body}{tail}</Stale>
  return <span class="figure">{body}{tail}</span>
}

/** A dash, never a zero; the reason on hover, on focus and for screen readers. */
function Absent({ value, pad }: { value: Value | undefined; pad?: number }) {
  const reason = why(value, null) ?? t.value.notYet
  return (
    <span class="figure absent" data-why={reason} tabIndex={0}>
      <span aria-hidden="true">{t.value.none}</span><span class="hidden">{reason}</span><Filler pad={pad} />
    </span>
  )
}

/** A word and a shape: a number would be believed. */
function Bad({ value, pad }: { value: Value; pad?: number }) {
  return (
    <span class="figure bad" data-why={why(value, null)} tabIndex={0}>
      <span class="shape" aria-hidden="true">◆</span>{t.value.bad}<Filler pad={pad} />
    </span>
  )
}

/** Veiled, with its age, which grows by itself. */
function Stale({ value, aged, children }: { value: Value; aged?: boolean; children: preact.ComponentChildren }) {
  const now = useSlowNow(1)
  const age = ageOf(value, now)
  return (
    <span class="figure stale" data-why={why(value, age)} tabIndex={0}>
      {children}
      {aged && age !== null ? <span class="aged">{span(age)}</span> : <span class="hidden">{why(value, age)}</span>}
    </span>
  )
}

/** Age of the oldest fresh or stale value among some points, drawn once a second. */
export function Age({ paths }: { paths: string[] }) {
  const now = useSlowNow(1)
  let youngest: number | null = null
  let stale = false
  for (const path of paths) {
    const value = values.get(path)
    const age = value && value.quality !== 'absent' ? ageOf(value, now) : null
    if (value?.quality === 'stale') stale = true
    if (age !== null && (youngest === null || age < youngest)) youngest = age
  }
  return <span class={stale ? 'age old' : 'age'}>{youngest === null ? t.value.none : span(youngest)}</span>
}

/** The prefix of a column, from all its values; asks for a drawing only when it changes. */
export function useColumnScale(unit: string, paths: string[]): Scale {
  const largest = () => {
    let most = 0
    for (const path of paths) {
      const value = values.get(path)
      if (known(value)) most = Math.max(most, Math.abs(value.value))
    }
    return most
  }
  const [scale, setScale] = useState(() => chooseScale(unit, largest()))
  useEffect(() => {
    const look = () => setScale((before) => chooseScale(unit, largest(), before))
    look()
    return values.batch.subscribe(look)
  }, [unit, paths.join('\n')])
  return scale
}
