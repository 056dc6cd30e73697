// What the NUT page computes: status in words, which stages stand, what a record of nut_ups says about them. Pure.
import type { NutUps } from '../../api/nut'
import type { SettingEntry } from '../../api/types'
import { t } from '../../text'

/** `OL CHRG` as people say it; what is not known here stays as it is. */
export function statusWords(status: string): string {
  const words = status.split(/\s+/).filter(Boolean).map((code) => t.nut.status[code] ?? code)
  return words.length ? words.join(', ') : t.nut.unknown
}

export type Stage = 'battery' | 'low' | 'forced' | 'off'
export const STAGES: Stage[] = ['battery', 'low', 'forced', 'off']

/** Those that stand now; several at once, since one follows from the other. */
export function standing({ on_battery_ms, low, forced, outlets_off }: NutUps): Set<Stage> {
  const all = { battery: on_battery_ms !== null, low, forced, off: outlets_off }
  return new Set(STAGES.filter((stage) => all[stage]))
}

/** Values of one record by their last word; empty where there is none, or one may not read it. */
export type Rule = Record<string, string>

export function recordsOf(values: SettingEntry[], table: string): Map<string, Rule> {
  const found = new Map<string, Rule>()
  for (const { key, value } of values) {
    if (!key.startsWith(`${table}.`)) continue
    const end = key.lastIndexOf('.')
    if (end <= table.length) continue
    const name = key.slice(table.length + 1, end)
    found.set(name, { ...found.get(name), [key.slice(end + 1)]: value === null || value === undefined ? '' : String(value) })
  }
  return found
}

const isSet = (value: string | undefined): value is string => !!value && !/^0( |$)/.test(value)

/** “low after 5 min or at 60 %”, for each stage that has a threshold of its own. */
export function ruleWords(rule: Rule | undefined): string[] {
  if (!rule) return []
  const words = t.nut.rule
  const when = (stage: string) => [
    isSet(rule[`${stage}_after`]) && words.after(rule[`${stage}_after`]!),
    isSet(rule[`${stage}_charge`]) && words.charge(rule[`${stage}_charge`]!),
    isSet(rule[`${stage}_runtime`]) && words.runtime(rule[`${stage}_runtime`]!),
  ].filter(Boolean).join(words.or)
  const [low, forced] = [when('low'), when('fsd')]
  return [low && words.low(low), forced && words.forced(forced), isSet(rule.off_after) && words.off(rule.off_after)].filter((one): one is string => !!one)
}

/** How long until outlets go off; empty where they stay. */
export const offAfter = (rule: Rule | undefined) => (isSet(rule?.off_after) ? rule!.off_after! : '')
