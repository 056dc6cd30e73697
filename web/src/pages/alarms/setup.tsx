// The mail server, the hours in which alarms count, those of business: tables of the settings, changed as there.
import { useCell } from '../../base/cell'
import { mayAs, session } from '../../model/session'
import { Empty } from '../../parts/empty'
import { t } from '../../text'
import { fullKey } from '../settings/model'
import { Field } from '../settings/field'
import { Review } from '../settings/review'
import { useSettings } from '../settings/use-settings'

const TABLES = ['mail', 'active_hours', 'business_hours', 'notices']

function Body() {
  const bench = useSettings(true)
  const { tables, values, failure } = bench.desk
  const shown = TABLES.map((name) => tables.find((table) => table.name === name)).filter((table) => table !== undefined)
  if (!tables.length) return failure ? <p class="reason" role="alert">{failure}</p> : <p class="loading" role="status">{t.app.loading}</p>
  if (!shown.length) return <p class="quiet-word">{t.alarms.setup.none}</p>
  return (
    <div class="settings-main">
      {shown.map((table) => (
        <section key={table.name} class="panel settings-table" aria-labelledby={`table-${table.name}`}>
          <h2 id={`table-${table.name}`}>{table.label}</h2>
          {table.help && <p class="quiet-word">{table.help}</p>}
          {table.rows.map((row) => {
            const key = fullKey(table, row, null)
            const entry = values.get(key)
            return entry ? <Field key={key} entry={entry} row={row} name={row.key.replace(`${table.name}.`, '')} bench={bench} /> : null
          })}
        </section>
      ))}
      <Review bench={bench} />
    </div>
  )
}

export function Setup() {
  if (!mayAs(useCell(session), 'administrator')) return <Empty part title={t.alarms.setup.needAdministrator} text={t.settings.needAdministratorText} />
  return <Body />
}
