// A list of records with the form of the chosen one beside it: which one lives in the address (`?r=NAME`, `?r=` for a new one).
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { Named } from '../../api/records'
import { useCell } from '../../base/cell'
import { mayAs, session } from '../../model/session'
import { Empty } from '../../parts/empty'
import type { RecordList } from '../../parts/use-records'
import { go } from '../../route/route'
import { t } from '../../text'

export interface RecordPageProps<T extends Named> {
  /** Where it stands, such as `/control/groups`. */
  path: string
  search: string
  title: string
  add: string
  none: string
  noneText: string
  records: RecordList<T>
  list: ComponentChildren
  /** The form; `close` leaves it and says what was done. */
  form: (record: T | null, close: (said?: string) => void) => ComponentChildren
}

/** The address of a record's form. */
export function recordAddress(path: string, name: string): string {
  return `${path}?r=${encodeURIComponent(name)}`
}

export function RecordPage<T extends Named>({ path, search, title, add, none, noneText, records, list, form }: RecordPageProps<T>) {
  const [said, setSaid] = useState<string | null>(null)
  const mayEdit = mayAs(useCell(session), 'administrator')
  const wanted = new URLSearchParams(search).get('r')
  const record = records.list.find((one) => one.name === wanted) ?? null
  const open = wanted !== null && (record !== null || (wanted === '' && mayEdit))
  const close = (words?: string) => {
    setSaid(words ?? null)
    go(path)
  }
  if (records.failure && !records.list.length) return <p class="reason" role="alert">{records.failure}</p>
  if (records.loading) return <p class="loading" role="status">{t.app.loading}</p>
  return (
    <div class={open ? 'own records with-form' : 'own records'}>
      <section class="panel" aria-label={title}>
        <div class="panel-head">
          <p class="said" role="status">{said}</p>
          <span class="spring" />
          {mayEdit && <button type="button" onClick={() => { setSaid(null); go(recordAddress(path, '')) }}>{add}</button>}
        </div>
        {records.list.length ? list : <Empty part title={none} text={noneText} />}
      </section>
      {open && <section class="panel" key={wanted}>{form(record, close)}</section>}
    </div>
  )
}
