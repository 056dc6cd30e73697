// Settings, made from the schema: grouped, explained, checked, never losing what somebody else changed.
import { useCell } from '../../base/cell'
import type { SettingTable } from '../../api/types'
import { mayAs, session } from '../../model/session'
import { Empty, WayOut } from '../../parts/empty'
import { t } from '../../text'
import { CertificatePanel } from './certificate'
import { Field } from './field'
import { HistorySection } from './history'
import { Collection } from './members'
import { fullKey } from './model'
import { OwnPage } from './own-page'
import { Review } from './review'
import { Sections } from './sections'
import { Tokens } from './tokens'
import { useSettings, type Bench } from './use-settings'
import { Users } from './users'

/** Sections that are no table of settings. */
const OWN = ['certificate', 'users', 'tokens']

function Rows({ table, bench }: { table: SettingTable; bench: Bench }) {
  return (
    <>
      {table.rows.map((row) => {
        const key = fullKey(table, row, null)
        const entry = bench.desk.values.get(key)
        return entry ? <Field key={key} entry={entry} row={row} name={row.key.replace(`${table.name}.`, '')} bench={bench} /> : null
      })}
    </>
  )
}

function TableForm({ table, bench }: { table: SettingTable; bench: Bench }) {
  if (table.collection) return <Collection key={table.name} table={table} bench={bench} />
  return (
    <section class="panel settings-table" aria-labelledby="table">
      <h2 id="table">{table.label}</h2>
      {table.help && <p class="quiet-word">{table.help}<OwnPage table={table.name} /></p>}
      <Rows table={table} bench={bench} />
    </section>
  )
}

function Body({ section }: { section: string | null }) {
  const bench = useSettings(true)
  const { tables, failure } = bench.desk
  const current = section ?? tables[0]?.name ?? ''
  const all = mayAs(useCell(session), 'administrator')
  const table = tables.find((one) => one.name === current)
  return (
    <div class="settings">
      <div class="title-row"><h1>{t.settings.title}</h1></div>
      <div class="settings-body">
        <Sections tables={tables} current={current} />
        <div class="settings-main">
          {all && current === 'certificate' && <CertificatePanel bench={bench} />}
          {all && current === 'users' && <Users />}
          {all && current === 'tokens' && <Tokens />}
          {table && table.name !== 'history' && <TableForm table={table} bench={bench} />}
          {table?.name === 'history' && <HistorySection table={table} rules={tables.find((one) => one.name === 'history_rules')} bench={bench} />}
          {!table && section && tables.length > 0 && !(all && OWN.includes(current)) && <p>{t.settings.noRows}</p>}
          {!tables.length && failure && <p class="reason" role="alert">{failure}</p>}
          {tables.length > 0 && <Review bench={bench} />}
        </div>
      </div>
    </div>
  )
}

export function SettingsPage({ section }: { section: string | null }) {
  const who = useCell(session)
  if (!mayAs(who, 'installer')) return <Empty title={t.settings.needAdministrator} text={t.settings.needAdministratorText}><WayOut to="/settings" words={t.nav.settings} /></Empty>
  return <Body section={section} />
}
