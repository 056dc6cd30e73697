// A list of records and the form of one of them: typed texts, faults at their fields, another person's change met.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem, sentence } from '../api/http'
import { type Changes, loadRecords, type Named, putRecord, type Records, removeRecord } from '../api/records'
import type { SettingRow, SettingTable, SettingValue } from '../api/types'
import { checkText, nameFault, refusedOf, textOf, type Refused } from '../pages/settings/model'
import { guardLeaving } from '../route/route'
import { t } from '../text'

export interface RecordList<T> extends Records<T> {
  loading: boolean
  failure: string | null
  /** Reads anew; what came, also when nobody draws it any more. */
  reload(): Promise<Records<T>>
}

/** `everyS`: read again so often while the page is looked at; 0 never. */
export function useRecords<T extends Named>(collection: string, everyS = 0): RecordList<T> {
  const [state, setState] = useState({ list: [] as T[], tag: null as string | null, loading: true, failure: null as string | null })
  const gone = useRef(false)
  const reload = async () => {
    const next = await loadRecords<T>(collection)
    if (!gone.current) setState({ ...next, loading: false, failure: null })
    return next
  }
  useEffect(() => {
    gone.current = false
    const look = () => reload().catch((cause) => gone.current || setState((before) => ({ ...before, loading: false, failure: sentence(cause) })))
    void look()
    const timer = everyS ? window.setInterval(() => document.hidden || void look(), everyS * 1000) : 0
    return () => { gone.current = true; window.clearInterval(timer) }
  }, [collection])
  return { ...state, reload }
}

/** A record as its form sees it: the keys of its table. */
export interface Draft {
  name: string
  values: Record<string, SettingValue>
}

export interface RecordDesk {
  name: string
  isNew: boolean
  setName(name: string): void
  nameFault: string | null
  text(key: string): string
  type(texts: Record<string, string>): void
  fault(key: string): string | null
  edited: boolean
  working: boolean
  failure: string | null
  save(): Promise<void>
  remove(): Promise<void>
}

export interface DeskProps<T extends Named> {
  collection: string
  table: SettingTable
  /** Null makes a new one, with these texts filled in. */
  record: T | null
  start?: Record<string, string>
  valuesOf: (record: T) => Record<string, SettingValue>
  records: RecordList<T>
  /** With what is to be said. */
  onDone: (said: string) => void
}

const RETRIES = 3

/** Whether two readings of a record say the same. */
function same(a: Record<string, SettingValue>, b: Record<string, SettingValue>, rows: SettingRow[]): boolean {
  return rows.every(({ key }) => textOf(a[key] ?? '') === textOf(b[key] ?? ''))
}

export function useDesk<T extends Named>({ collection, table, record, start, valuesOf, records, onDone }: DeskProps<T>): RecordDesk {
  const [base, setBase] = useState(() => (record ? valuesOf(record) : null))
  const [typed, setTyped] = useState<Record<string, string>>({})
  const [name, setName] = useState(record?.name ?? '')
  const [tried, setTried] = useState(false)
  const [refused, setRefused] = useState<Refused>(new Map())
  const [failure, setFailure] = useState<string | null>(null)
  const [working, setWorking] = useState(false)
  const usual = (row: SettingRow) => textOf(base && row.key in base ? base[row.key] ?? '' : row.default ?? '')
  const text = (row: SettingRow) => typed[row.key] ?? (base ? usual(row) : start?.[row.key] ?? usual(row))
  const isEdited = (row: SettingRow) => text(row) !== usual(row)
  const row = (key: string) => table.rows.find((one) => one.key === key)
  const taken = records.list.map((one) => one.name)
  const wrongName = record ? null : nameFault(name, taken)
  const edited = table.rows.some((one) => typed[one.key] !== undefined && isEdited(one)) || (!record && name !== '')

  useEffect(() => {
    guardLeaving(edited ? () => window.confirm(t.settings.leave) : null, 'address')
    return () => guardLeaving(null)
  }, [edited])

  const faultOf = (one: SettingRow): string | null => {
    if (one.required && !text(one).trim()) return tried ? t.settings.check.required : null
    const told = refused.get(`${table.name}.${name}.${one.key}`) ?? null
    return isEdited(one) ? checkText(one, text(one)).fault ?? told : told
  }

  /** Again when somebody changed something else meanwhile; refused when it was this record. */
  const held = async (work: (tag: string | null) => Promise<unknown>) => {
    let { tag } = records
    for (let tries = 0; ; tries++) {
      try {
        return await work(tag)
      } catch (cause) {
        if (!(cause instanceof Problem) || cause.status !== 412 || tries >= RETRIES) throw cause
      }
      const now = await records.reload()
      const theirs = now.list.find((one) => one.name === name)
      if (!base && theirs) throw new Problem(412, '', t.records.takenMeanwhile(name), '')
      if (base && !(theirs && same(valuesOf(theirs), base, table.rows))) {
        if (theirs) setBase(valuesOf(theirs))
        throw new Problem(412, '', t.records.changedMeanwhile(name), '')
      }
      tag = now.tag
    }
  }

  const run = async (work: (tag: string | null) => Promise<unknown>, said: string) => {
    setWorking(true)
    setFailure(null)
    try {
      await held(work)
      guardLeaving(null)
      await records.reload().catch(() => {})
      onDone(said)
    } catch (cause) {
      const told = cause instanceof Problem ? refusedOf([...cause.errors, cause.detail]) : new Map()
      setRefused(told)
      setFailure(told.size ? t.records.check : sentence(cause))
      setWorking(false)
    }
  }

  const changes = (): Changes => {
    const wanted = table.rows.filter((one) => (base ? isEdited(one) : one.required || isEdited(one)))
    return Object.fromEntries(wanted.map((one) => [one.key, checkText(one, text(one)).value]))
  }

  return {
    name, isNew: !record, edited, working, failure,
    nameFault: name || tried ? wrongName : null,
    setName: (next) => { setName(next); setFailure(null) },
    text: (key) => { const one = row(key); return one ? text(one) : '' },
    type: (texts) => { setTyped({ ...typed, ...texts }); setRefused(new Map()); setFailure(null) },
    fault: (key) => { const one = row(key); return one ? faultOf(one) : null },
    save: async () => {
      setTried(true)
      const missing = table.rows.some((one) => one.required && !text(one).trim())
      if (wrongName || missing || table.rows.some((one) => isEdited(one) && checkText(one, text(one)).fault)) return setFailure(t.records.check)
      const now = changes()
      await run((tag) => putRecord(collection, name, now, tag), record ? t.records.saved(name) : t.records.added(name))
    },
    remove: () => run((tag) => removeRecord(collection, name, tag), t.records.removed(name)),
  }
}
