// Settings, made from the schema: grouped, explained, checked, never losing what somebody else changed.
import { useCell } from '../../base/cell'
import type { SettingTable } from '../../api/types'
import { mayAs, session } from '../../model/session'
import { Empty } from '../../parts/empty'
import { t } from '../../text'
import { Field } from './field'
import { fullKey, membersOf } from './model'
import { Review } from './review'
import { Tokens } from './tokens'
import { useSettings, type Bench } from './use-settings'
import { Users } from './users'

function Sections({ tables, current }: { tables: SettingTable[]; current: string }) {
  const all = [...tables.map(({ name, label }) => ({ name, label })),
    { name: 'users', label: t.settings.users }, { name: 'tokens', label: t.settings.tokens }]
  return (
    <nav class="sections" aria-label={t.settings.sections}>
      <ul>
        {all.map(({ name, label }) => (
          <li key={name}><a href={`/settings/${encodeURIComponent(name)}`} aria-current={name === current ? 'page' : undefined}>{label}</a></li>
        ))}
      </ul>
    </nav>
  )
}

function Rows({ table, member, bench }: { table: SettingTable; member: string | null; bench: Bench }) {
  return (
    <>
      {table.rows.map((row) => {
        const key = fullKey(table, row, member)
        const entry = bench.desk.values.get(key)
        return entry ? <Field key={key} entry={entry} row={row} name={row.key.replace(`${table.name}.`, '')} bench={bench} /> : null
      })}
    </>
  )
}

function labelOf(table: SettingTable, member: string, bench: Bench): string {
  const entry = bench.desk.values.get(`${table.name}.${member}.label`)
  return typeof entry?.value === 'string' ? entry.value : ''
}

function TableForm({ table, bench }: { table: SettingTable; bench: Bench }) {
  const members = table.collection ? membersOf(table, [...bench.desk.values.values()]) : []
  return (
    <section class="panel settings-table" aria-labelledby="table">
      <h2 id="table">{table.label}</h2>
      {!table.collection && <Rows table={table} member={null} bench={bench} />}
      {table.collection && !members.length && <p class="quiet-word">{t.settings.noMembers}</p>}
      {members.map((member) => (
        <details key={member} class="member" open={[...bench.desk.edits.keys()].some((key) => key.startsWith(`${table.name}.${member}.`)) || undefined}>
          <summary>{member} <span class="quiet-word">{labelOf(table, member, bench)}</span></summary>
          <Rows table={table} member={member} bench={bench} />
        </details>
      ))}
    </section>
  )
}

function Body({ section }: { section: string | null }) {
  const bench = useSettings(true)
  const { tables, failure } = bench.desk
  const current = section ?? tables[0]?.name ?? 'users'
  const table = tables.find((one) => one.name === current)
  return (
    <div class="settings">
      <div class="title-row"><h1>{t.settings.title}</h1></div>
      <div class="settings-body">
        <Sections tables={tables} current={current} />
        <div class="settings-main">
          {current === 'users' && <Users />}
          {current === 'tokens' && <Tokens />}
          {table && <TableForm table={table} bench={bench} />}
          {!table && section && tables.length > 0 && current !== 'users' && current !== 'tokens' && <p>{t.settings.noRows}</p>}
          {!tables.length && failure && <p class="reason" role="alert">{failure}</p>}
          {tables.length > 0 && <Review bench={bench} />}
        </div>
      </div>
    </div>
  )
}

export function SettingsPage({ section }: { section: string | null }) {
  const who = useCell(session)
  if (!mayAs(who, 'administrator')) return <Empty title={t.settings.needAdministrator} text={t.settings.needAdministratorText} />
  return <Body section={section} />
}
