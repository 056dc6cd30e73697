// The rows behind the sums: meters, groups or media, each against the period before.
import type { Energy, EnergyRow } from '../../api/energy'
import { usedDecimals } from '../../format/period'
import { moment } from '../../format/time'
import { deviceAddress } from '../../route/route'
import { type EnergyState, printCalendar, printEnergy } from '../../route/energy-state'
import { t } from '../../text'
import { Amount, Change, Covered, mediumName, Money } from './amounts'
import { ordered, type Placed } from './model'

/** Decimals per unit, so that figures of one unit stand below each other. */
function decimalsOf(rows: EnergyRow[]): Map<string, number> {
  const largest = new Map<string, number>()
  for (const row of rows) largest.set(row.unit, Math.max(largest.get(row.unit) ?? 0, row.used ?? 0, row.before_full ?? 0))
  return new Map([...largest].map(([unit, most]) => [unit, usedDecimals(most)]))
}

/** Of what the unit uses in all, as a length. */
function Share({ row, most }: { row: EnergyRow; most: number }) {
  const share = row.used !== null && most > 0 ? row.used / most : 0
  return <span class="bar" aria-hidden="true"><span class="fill" style={{ inlineSize: `${Math.min(100, share * 100).toFixed(1)}%` }} /></span>
}

interface RowProps {
  placed: Placed
  energy: Energy
  chosen: boolean
  state: EnergyState
  decimals: number
  most: number
}

function Row({ placed, energy, chosen, state, decimals, most }: RowProps) {
  const { row, depth } = placed
  const words = t.energy
  const whole = energy.to <= energy.now
  const name = energy.by === 'medium' ? mediumName(row.id) : row.name || row.id
  const feeder = row.within ? energy.rows.find((one) => one.id === row.within) : undefined
  const device = row.id.split('/')[0]!
  return (
    <tr class={chosen ? 'chosen' : undefined} data-row={row.id}>
      <th scope="row" style={{ paddingInlineStart: `${depth * 16 + 2}px` }}>
        <a href={printEnergy({ ...state, of: chosen ? '' : row.id })} aria-current={chosen ? 'true' : undefined} aria-label={words.showBars(name)}>
          <b>{name}</b>
        </a>
        {energy.by === 'meter' && <a class="row-id" href={deviceAddress(device)} aria-label={`${words.toDevice} ${row.id}`}>{row.id}</a>}
        {feeder && depth > 0 && <span class="hidden"> {words.withinWhy(feeder.name)}</span>}
      </th>
      <td class="share-cell"><Share row={row} most={most} /></td>
      <td class="number" data-label={words.column.used}><Amount used={row.used} unit={row.unit} decimals={decimals} /></td>
      <td class="number" data-label={whole ? words.column.beforeWhole : words.column.before}><Amount used={row.before} unit={row.unit} decimals={decimals} /></td>
      <td class="number" data-label={words.column.change}><Change of={row} /></td>
      {!whole && <td class="number" data-label={words.column.whole}><Amount used={row.before_full} unit={row.unit} decimals={decimals} /></td>}
      <td class="number" data-label={words.column.cost}><Money value={row.cost} currency={energy.currency} /></td>
      <td class="number" data-label={words.column.co2}>{row.co2_kg === null ? <span class="figure absent">{t.value.none}</span> : <Amount used={row.co2_kg} unit="kg" />}</td>
      <td class="covered-cell"><Covered of={row} /></td>
      <td class="row-links">
        {energy.by !== 'medium' && <a href={printCalendar({ of: row.id, year: null })} aria-label={words.toCalendarOf(name)}>{words.toCalendar}</a>}
      </td>
    </tr>
  )
}

export interface RowsProps {
  energy: Energy
  chosen: string | null
  state: EnergyState
  zone: string
}

export function RowsTable({ energy, chosen, state, zone }: RowsProps) {
  const { column, ...words } = t.energy
  const whole = energy.to <= energy.now
  const decimals = decimalsOf(energy.rows)
  const most = new Map<string, number>()
  for (const row of energy.rows) most.set(row.unit, Math.max(most.get(row.unit) ?? 0, row.used ?? 0))
  const until = words.beforeWhy(words.against.now(energy.period), moment(energy.before_to * 1000, energy.now * 1000, zone))
  return (
    <div class="panel">
      <div class="scroll" tabIndex={0} role="region" aria-label={words.bys[energy.by]}>
        <table class="readings energy-rows">
          <thead>
            <tr>
              <th scope="col">{column.name[energy.by]}</th>
              <th scope="col" class="share-cell"><span class="hidden">{column.share}</span></th>
              <th scope="col" class="number">{column.used}</th>
              <th scope="col" class="number" data-why={whole ? undefined : until}>{whole ? column.beforeWhole : column.before}</th>
              <th scope="col" class="number">{column.change}</th>
              {!whole && <th scope="col" class="number">{column.whole}</th>}
              <th scope="col" class="number">{column.cost}</th>
              <th scope="col" class="number">{column.co2}</th>
              <th scope="col"><span class="hidden">{column.covered}</span></th>
              <td />
            </tr>
          </thead>
          <tbody>
            {ordered(energy.rows).map((placed) => (
              <Row key={placed.row.id} placed={placed} energy={energy} chosen={placed.row.id === chosen} state={state} decimals={decimals.get(placed.row.unit) ?? 1} most={most.get(placed.row.unit) ?? 0} />
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}
