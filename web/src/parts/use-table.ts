// The schema of one table of settings: what a form checks while somebody types, and the sentence of each field.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../api/http'
import type { SettingTable } from '../api/types'

let asked: Promise<{ tables: SettingTable[] }> | null = null

/** Asked once per visit; the schema changes only with the program. */
function schema(): Promise<{ tables: SettingTable[] }> {
  asked ??= ask<{ tables: SettingTable[] }>('/settings/schema').catch((cause) => {
    asked = null
    throw cause
  })
  return asked
}

/** Null until it is there, and where the unit has no such table. */
export function useTable(name: string): SettingTable | null {
  const [table, setTable] = useState<SettingTable | null>(null)
  useEffect(() => {
    let gone = false
    schema().then(({ tables }) => gone || setTable(tables.find((one) => one.name === name) ?? null), () => {})
    return () => void (gone = true)
  }, [name])
  return table
}
