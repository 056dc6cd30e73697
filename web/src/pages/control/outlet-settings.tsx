// What people say about outlets: a row each, and a form for one of them beside it.
import { useState } from 'preact/hooks'
import { sentence } from '../../api/http'
import { changeOutlet, type Outlet } from '../../api/switching'
import type { SettingRow, SettingTable, SettingValue } from '../../api/types'
import { useCell } from '../../base/cell'
import { mayAs, session } from '../../model/session'
import { Empty } from '../../parts/empty'
import { useTable } from '../../parts/use-table'
import { go } from '../../route/route'
import { t } from '../../text'
import { Line } from '../settings/line'
import { checkText, textOf } from '../settings/model'
import { useOutlets } from './use-outlets'

/** In the list: what differs from outlet to outlet. */
const COLUMNS = ['on_delay', 'off_delay', 'reboot_delay', 'reboot_hold', 'power_up', 'power_up_delay', 'min_off']

function List({ outlets, chosen }: { outlets: Outlet[]; chosen: string | null }) {
  const words = t.control.own
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={words.list}>
      <table class="readings own-table">
        <thead><tr><th>{t.kind.outlet}</th><th>{words.name}</th>{COLUMNS.map((key) => <th key={key} class="number">{words.columns[key]}</th>)}</tr></thead>
        <tbody>
          {outlets.map((outlet) => (
            <tr key={outlet.path} class={outlet.path === chosen ? 'chosen' : undefined}>
              <th scope="row"><a href={`/control/settings?o=${encodeURIComponent(outlet.path).replace(/%2F/g, '/')}`}>{outlet.path}</a></th>
              <td>{outlet.label}{outlet.critical && <span class="tile-mark"> {t.control.criticalMark}</span>}{outlet.locked && <span class="tile-mark"> {t.control.locked}</span>}</td>
              {COLUMNS.map((key) => <td key={key} class="number">{textOf((outlet.settings?.[key] ?? '') as SettingValue)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Form({ outlet, table, onSaved }: { outlet: Outlet; table: SettingTable; onSaved: () => void }) {
  const words = t.control.own
  const who = useCell(session)
  const [texts, setTexts] = useState<Record<string, string>>({})
  const [said, setSaid] = useState<{ ok: boolean; words: string } | null>(null)
  const [working, setWorking] = useState(false)
  const now = (row: SettingRow) => textOf((outlet.settings?.[row.key] ?? '') as SettingValue)
  const changed = table.rows.filter((row) => texts[row.key] !== undefined && texts[row.key] !== now(row))
  const faulty = changed.some((row) => checkText(row, texts[row.key]!).fault)
  const save = async (event: Event) => {
    event.preventDefault()
    setWorking(true)
    setSaid(null)
    try {
      await changeOutlet(outlet.path, Object.fromEntries(changed.map((row) => [row.key, checkText(row, texts[row.key]!).value])))
      setTexts({})
      setSaid({ ok: true, words: words.saved })
      onSaved()
    } catch (cause) {
      setSaid({ ok: false, words: sentence(cause) })
    }
    setWorking(false)
  }
  return (
    <form class="own-form" aria-label={words.of(outlet.path)} onSubmit={(event) => void save(event)}>
      <h2>{words.of(outlet.path)}</h2>
      {table.rows.map((row) => {
        const text = texts[row.key] ?? now(row)
        const may = mayAs(who, row.right === 'administrator' ? 'administrator' : 'control')
        return <Line key={row.key} name={row.key} row={row} keyText={`outlets.${row.key}`} text={text} standard={row.default ?? null} offer={null} edited={changed.includes(row)}
          fault={changed.includes(row) ? checkText(row, text).fault : null} fixed={may ? null : words.administrator} onText={(next) => { setTexts({ ...texts, [row.key]: next }); setSaid(null) }} />
      })}
      {said && <p class={said.ok ? 'said' : 'reason'} role={said.ok ? 'status' : 'alert'}>{said.words}</p>}
      <div class="plan-buttons">
        <button type="button" onClick={() => go('/control/settings')}>{t.control.back}</button>
        <button type="submit" class="primary" disabled={working || faulty || !changed.length}>{words.save}</button>
      </div>
    </form>
  )
}

export function OutletSettings({ search }: { search: string }) {
  const who = useCell(session)
  const [round, setRound] = useState(0)
  const { outlets, failure } = useOutlets(round)
  const table = useTable('outlets')
  const chosen = new URLSearchParams(search).get('o')
  const outlet = outlets?.find(({ path }) => path === chosen)
  if (!mayAs(who, 'control')) return <Empty part title={t.control.own.needControl} text={t.control.needControl} />
  if (failure && !outlets) return <p class="reason" role="alert">{t.control.failed} {failure}</p>
  if (!outlets) return <p class="loading" role="status">{t.app.loading}</p>
  if (!outlets.length) return <Empty part title={t.control.none} text={t.control.noneText} />
  return (
    <div class={outlet ? 'own with-form' : 'own'}>
      <section class="panel own-list"><List outlets={outlets} chosen={chosen} /></section>
      {outlet && table && <section class="panel"><Form key={outlet.path} outlet={outlet} table={table} onSaved={() => setRound(round + 1)} /></section>}
    </div>
  )
}
