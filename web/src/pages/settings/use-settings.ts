// Reading, changing and undoing settings without ever losing another person's change.
import { useEffect, useState } from 'preact/hooks'
import { ask, Problem, sentence } from '../../api/http'
import type { AccessRole, SettingRow, Settings, SettingTable, SettingValue } from '../../api/types'
import { mayAs, session } from '../../model/session'
import { guardLeaving } from '../../route/route'
import { t } from '../../text'
import { checkText, conflictsOf, fullKey, goneOf, membersOf, rebase, refusedOf, valuesOf, withEdit, type Conflict, type Edits, type Refused, type Values } from './model'

/** Values to put back; null returns to the default, so that undoing leaves no copy of it behind. */
export type Undo = Record<string, SettingValue>

/** A change of whole records: added, renamed, removed. */
export interface RecordChange {
  changes: Record<string, SettingValue>
  undo: Undo | null
  said: string
  /** Why it cannot be done any more with what somebody else changed meanwhile; null when it can. */
  still: (now: Values) => string | null
}

/** Null when it was done; else what the unit says, as a whole and per key. */
export type Outcome = { failure: string; refused: Refused } | null

/** What lies on the desk: the settings as read, and the edits over them. */
export interface Desk {
  tables: SettingTable[]
  values: Values
  rows: Map<string, SettingRow>
  revision: string
  edits: Edits
  conflicts: Conflict[]
  working: boolean
  said: string | null
  failure: string | null
  undo: Undo | null
  /** What the unit refused, by key, until it is typed over. */
  refused: Refused
  /** Edits of settings that somebody else removed: told, because they are nowhere else any more. */
  gone: string[]
}

const EMPTY: Desk = {
  tables: [], values: new Map(), rows: new Map(), revision: '', edits: new Map(), conflicts: [],
  working: false, said: null, failure: null, undo: null, refused: new Map(), gone: [],
}

function rowsOf(tables: SettingTable[], settings: Settings): Map<string, SettingRow> {
  const rows = new Map<string, SettingRow>()
  for (const table of tables) {
    const members = table.collection ? membersOf(table, settings.values) : [null]
    for (const member of members) for (const row of table.rows) rows.set(fullKey(table, row, member), row)
  }
  return rows
}

/** Of what only others may change, the unit tells no values. */
function isMine(table: SettingTable): boolean {
  return table.rows.some((row) => mayAs(session.get(), (row.right ?? 'administrator') as AccessRole))
}

/** Schema and values together: a reload of the site file may have changed both. */
async function readAll(): Promise<Pick<Desk, 'tables' | 'values' | 'rows' | 'revision'>> {
  const [schema, settings] = await Promise.all([ask<{ tables: SettingTable[] }>('/settings/schema'), ask<Settings>('/settings')])
  return {
    tables: schema.tables.filter(isMine), values: valuesOf(settings), rows: rowsOf(schema.tables, settings), revision: String(settings.revision),
  }
}

/** With the revision that was looked at: refused when another has changed something since. */
function put(changes: Record<string, SettingValue>, revision: string) {
  return ask<{ revision: string | number; applied: string[]; restart: string[] }>('/settings', {
    method: 'PUT', body: changes, headers: { 'If-Match': `"${revision}"` },
  })
}

/** The desk and what can be done at it. */
export interface Bench {
  desk: Desk
  type(key: string, text: string): void
  fault(key: string): string | null
  faults: number
  apply(): Promise<void>
  discard(): void
  undo(): Promise<void>
  toDefault(key: string): Promise<void>
  keepTheirs(key: string): void
  /** At once; open edits stay open. Another person's change is met, never run over. */
  changeRecords(change: RecordChange): Promise<Outcome>
}

/** All sections share one desk: edits survive going from one to another. */
export function useSettings(enabled: boolean): Bench {
  const [desk, setDesk] = useState<Desk>(EMPTY)
  const patch = (part: Partial<Desk>) => setDesk((before) => ({ ...before, ...part }))

  useEffect(() => {
    if (enabled) readAll().then(patch, (cause) => patch({ failure: sentence(cause) }))
  }, [enabled])

  useEffect(() => {
    const open = desk.edits.size > 0
    guardLeaving(open ? () => window.confirm(t.settings.leave) : null)
    const hold = (event: BeforeUnloadEvent) => event.preventDefault()
    if (open) window.addEventListener('beforeunload', hold)
    return () => { guardLeaving(null); window.removeEventListener('beforeunload', hold) }
  }, [desk.edits.size > 0])

  const fault = (key: string): string | null => {
    const edit = desk.edits.get(key)
    const row = desk.rows.get(key)
    return edit && row ? checkText(row, edit.text).fault ?? desk.refused.get(key) ?? null : null
  }

  /** Somebody was faster: show theirs, keep ours, apply nothing. */
  const meet = async () => {
    const now = await readAll()
    const conflicts = conflictsOf(desk.edits, now.values)
    patch({ ...now, edits: rebase(desk.edits, now.values), conflicts, gone: goneOf(desk.edits, now.values), working: false, failure: t.settings.conflict })
  }

  /** Twice when somebody was faster but the two changes have nothing to do with each other. */
  const putRecords = async ({ changes, still }: RecordChange): Promise<void> => {
    for (let revision = desk.revision, tries = 0; ; tries++) {
      try {
        await put(changes, revision)
        return
      } catch (cause) {
        if (!(cause instanceof Problem) || cause.status !== 412 || tries > 2) throw cause
        const now = await readAll()
        patch(now)
        const reason = still(now.values)
        if (reason) throw new Problem(412, '', reason, '')
        revision = now.revision
      }
    }
  }

  const changeRecords = async (change: RecordChange): Promise<Outcome> => {
    patch({ working: true, failure: null, said: null })
    try {
      await putRecords(change)
      const now = await readAll()
      patch({ ...now, working: false, edits: rebase(desk.edits, now.values), conflicts: [], gone: [], undo: change.undo, said: change.said })
      return null
    } catch (cause) {
      patch({ working: false })
      return { failure: sentence(cause), refused: refusedOf(cause instanceof Problem ? [...cause.errors, cause.detail] : []) }
    }
  }

  const send = async (changes: Record<string, SettingValue>, undo: Undo | null, said?: string) => {
    patch({ working: true, failure: null, said: null })
    try {
      const { applied, restart } = await put(changes, desk.revision)
      const now = await readAll()
      const edits = new Map([...desk.edits].filter(([key]) => !(key in changes)))
      const count = new Set([...applied, ...restart]).size
      patch({
        ...now, working: false, edits: rebase(edits, now.values), conflicts: [], gone: [], undo, refused: new Map(),
        said: said ?? t.settings.applied(count, restart.length),
      })
    } catch (cause) {
      if (cause instanceof Problem && cause.status === 412) await meet().catch((again) => patch({ working: false, failure: sentence(again) }))
      else patch({ working: false, failure: sentence(cause), refused: refusedOf(cause instanceof Problem ? [...cause.errors, cause.detail] : []) })
    }
  }

  const apply = () => {
    const changes: Record<string, SettingValue> = {}
    const undo: Undo = {}
    for (const [key, edit] of desk.edits) {
      const row = desk.rows.get(key)
      const entry = desk.values.get(key)
      if (!row || !entry) continue
      changes[key] = checkText(row, edit.text).value
      // The old secret was never here; it cannot be put back.
      if (row.secret) continue
      undo[key] = entry.source === 'default' ? null : entry.value
    }
    return send(changes, undo)
  }

  const undo = async () => {
    const back = desk.undo
    if (back) await send(back, null, t.settings.undone)
  }

  /** At once, and undone as easily; other edits that are open stay open. */
  const toDefault = async (key: string) => {
    const entry = desk.values.get(key)
    const secret = desk.rows.get(key)?.secret
    await send({ [key]: null }, entry && !secret ? { [key]: entry.value } : null)
  }

  return {
    desk, fault, apply, undo, toDefault, changeRecords,
    faults: [...desk.edits.keys()].filter((key) => fault(key)).length,
    type: (key, text) => {
      const entry = desk.values.get(key)
      if (!entry) return
      const refused = new Map(desk.refused)
      refused.delete(key)
      patch({ edits: withEdit(desk.edits, entry, text, desk.rows.get(key)?.secret ?? false), refused, said: null })
    },
    discard: () => patch({ edits: new Map(), conflicts: [], gone: [], refused: new Map(), failure: null }),
    keepTheirs: (key) => {
      const edits = new Map(desk.edits)
      edits.delete(key)
      const conflicts = desk.conflicts.filter((one) => one.key !== key)
      patch({ edits, conflicts, failure: conflicts.length || desk.gone.length ? desk.failure : null })
    },
  }
}
