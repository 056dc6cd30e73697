// Pulse inputs: what a pulse is worth, what a typed display reading says. Pure.
import type { Component, Point, SettingEntry } from '../api/types'
import { number, THIN } from '../format/number'
import { t } from '../text'

/** The record of one input; null where it has none. */
export interface PulseRecord {
  medium: string
  weight: number
  unit: string
  multiplier: number
}

export function pulseRecords(values: SettingEntry[]): Map<string, PulseRecord> {
  const found = new Map<string, PulseRecord>()
  for (const { key, value } of values) {
    const parts = /^pulses\.(.+)\.(medium|weight|unit|multiplier)$/.exec(key)
    if (!parts) continue
    const [, path, name] = parts as unknown as [string, string, keyof PulseRecord]
    const record = found.get(path) ?? { medium: 'electricity', weight: 0, unit: '', multiplier: 1 }
    found.set(path, { ...record, [name]: name === 'weight' || name === 'multiplier' ? Number(value) : String(value ?? '') })
  }
  return found
}

const plain = (value: number) => number(value, Math.min(6, (String(value).split('.')[1] ?? '').length))
const unitWords = (unit: string) => unit.replace('m3', 'm³')

/** As printed on the meter: “10 l a pulse”, “1000 pulses per kWh”. */
export function weightWords({ weight, unit }: PulseRecord): string {
  const [pulses, of] = unit.split('/')
  return of !== undefined && pulses === 'pulses' ? t.pulse.per(plain(weight), unitWords(of)) : t.pulse.each(`${plain(weight)}${THIN}${unitWords(unit)}`)
}

/** What its display counts: kWh of electricity and heat, m³ of water and gas. */
export const displayUnit = (medium: string) => (medium === 'water' || medium === 'gas' ? 'm³' : 'kWh')

/** Where the display's reading stands once it is set. */
export function readingPoint(component: Component): Point | undefined {
  return component.points.find(({ quantity }) => quantity === 'energy-reading' || quantity === 'volume-reading')
}

const MOST = 1e9

/** A decimal comma is what half of the world types. */
export function readingOf(text: string): { value: number; fault: string | null } {
  const value = Number(text.trim().replace(',', '.'))
  const words = t.pulse
  if (!text.trim() || !Number.isFinite(value)) return { value: NaN, fault: words.notNumber }
  return { value, fault: value < 0 ? words.negative : value > MOST ? words.tooLarge : null }
}

/** Whether what is told now is what was typed, some pulses later maybe, and not what stood there before. */
export function isTaken(now: number, wanted: number, before: number | null, decimals: number): boolean {
  return now >= wanted - 10 ** -decimals && (before === null || Math.abs(now - wanted) <= Math.abs(before - wanted) / 2)
}
