// Records of settings under paths of their own: groups, interlocks, schedules, alarm rules, recipients.
import { ask, askTagged } from './http'
import type { SettingValue } from './types'

/** What every record has. `fixed` is its place in the site file, null when it was made on a page. */
export interface Named {
  name: string
  fixed: string | null
}

/** A list as it was read, with the revision that a change must name. */
export interface Records<T> {
  list: T[]
  tag: string | null
}

export type Changes = Record<string, SettingValue>

export async function loadRecords<T extends Named>(collection: string): Promise<Records<T>> {
  const { body, tag } = await askTagged<T[]>(`/${collection}`)
  return { list: body, tag }
}

function held(tag: string | null): Record<string, string> | undefined {
  return tag ? { 'If-Match': tag } : undefined
}

/** Makes or changes it; refused with 412 when anybody changed settings since `tag`. */
export function putRecord(collection: string, name: string, changes: Changes, tag: string | null): Promise<unknown> {
  return ask(`/${collection}/${encodeURIComponent(name)}`, { method: 'PUT', body: changes, headers: held(tag) })
}

export function removeRecord(collection: string, name: string, tag: string | null): Promise<unknown> {
  return ask(`/${collection}/${encodeURIComponent(name)}`, { method: 'DELETE', headers: held(tag) })
}
