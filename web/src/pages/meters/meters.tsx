// All meters in one list, whatever line or gateway they hang on.
import { useMemo } from 'preact/hooks'
import { type Energy, type EnergyRow, loadEnergy } from '../../api/energy'
import { useCell } from '../../base/cell'
import { useSlowNow } from '../../base/clock'
import { known } from '../../format/value'
import { usedDecimals } from '../../format/period'
import { site } from '../../model/site'
import { ageOf, values } from '../../model/values'
import { AlarmMark } from '../../parts/alarm-marks'
import { Empty, WayOut } from '../../parts/empty'
import { Age, Figure, useColumnScale } from '../../parts/figure'
import { StateWord } from '../../parts/marks'
import { printEnergy } from '../../route/energy-state'
import { deviceAddress, go } from '../../route/route'
import { t } from '../../text'
import { Amount, Covered } from '../energy/amounts'
import { useAsked } from '../energy/use-energy'
import { fitting, isRemote, type Meter, metersOf, type MetersState, parseMeters, printMeters, type Readings, type Sort, sorted, SORTS } from './model'

/** Rows do not change places more often than this: somebody may be about to press one. */
const RESORT_S = 10

const pathOf = (meter: Meter) => (meter.power ?? meter.counter)?.path

function readingsOf(energy: Energy | null): Readings {
  const rows = new Map((energy?.rows ?? []).map((row) => [row.id, row]))
  return {
    watts: (meter) => { const value = meter.power && values.get(meter.power.path); return known(value) ? value.value : null },
    ageMs: (meter) => { const path = pathOf(meter); return path ? ageOf(values.get(path)) : null },
    today: (meter) => rows.get(meter.id),
  }
}

type Move = (change: Partial<MetersState>) => void

/** Numbers first look for the largest, words for the first. */
const first = (sort: Sort): Partial<MetersState> => ({ sort, down: sort === 'power' || sort === 'today' || sort === 'age' })

function Head({ state, move }: { state: MetersState; move: Move }) {
  const words = t.meters
  return (
    <thead>
      <tr>
        {SORTS.map((sort) => {
          const here = state.sort === sort
          return (
            <th key={sort} scope="col" class={['unit', 'age', 'power', 'today'].includes(sort) ? 'number' : undefined} aria-sort={here ? (state.down ? 'descending' : 'ascending') : undefined} data-why={sort === 'today' ? words.todayWhy : undefined}>
              <button type="button" class="sorter" aria-label={words.sortBy(words.column[sort]!)} onClick={() => move(here ? { down: !state.down } : first(sort))}>
                {words.column[sort]}<span class="shape" aria-hidden="true">{here ? (state.down ? '▼' : '▲') : ''}</span>
              </button>
            </th>
          )
        })}
      </tr>
    </thead>
  )
}

/** Since midnight, with what of it was not read; leads to its hours. */
function Today({ row, decimals }: { row: EnergyRow | undefined; decimals: number }) {
  if (!row) return <span class="figure absent">{t.value.none}</span>
  return (
    <>
      {row.used !== null && <Covered of={row} brief />}
      <a class="plain-link" href={printEnergy({ period: 'day', by: 'meter', at: '', group: '', medium: '', of: row.id })}><Amount used={row.used} unit={row.unit} decimals={row.unit === 'kWh' ? decimals : undefined} /></a>
    </>
  )
}

function Row({ meter, row, scale, decimals }: { meter: Meter; row: EnergyRow | undefined; scale: ReturnType<typeof useColumnScale>; decimals: number }) {
  const { device, line } = meter
  const { column, ...words } = t.meters
  const path = pathOf(meter)
  return (
    <tr data-meter={meter.id}>
      <th scope="row"><AlarmMark path={device.name} /><a href={deviceAddress(device.name)}><b>{meter.id}</b></a> <span class="meter-label">{meter.label}</span></th>
      <td data-label={column.line}>{line?.name ?? t.value.none} {line && isRemote(meter) && <span class="place-mark" data-why={`${words.behind}: ${t.diagnostics.busKind[line.kind] ?? line.kind}`}>{words.net}</span>}</td>
      <td class="number" data-label={column.unit}>{device.unit ?? t.value.none}</td>
      <td data-label={column.profile}>{device.profile ?? t.value.none}</td>
      <td data-label={column.state}><span data-why={device.reason ?? undefined}><StateWord state={device.state} /></span></td>
      <td class="number" data-label={column.age}>{path ? <Age paths={[path]} /> : t.value.none}</td>
      <td class="number" data-label={column.power}>{meter.power ? <Figure point={meter.power} scale={scale} unit /> : <span class="figure absent">{t.value.none}</span>}</td>
      <td class="number" data-label={column.today}><Today row={row} decimals={decimals} /></td>
    </tr>
  )
}

function Tools({ state, shown, all, move }: { state: MetersState; shown: number; all: number; move: Move }) {
  const words = t.meters
  return (
    <div class="energy-tools">
      <input class="meter-search" type="search" aria-label={words.search} placeholder={words.searchPlaceholder} value={state.wanted} autocomplete="off" spellcheck={false}
        onInput={(event) => move({ wanted: event.currentTarget.value })} />
      <div class="segments" role="group" aria-label={words.place}>
        {(['all', 'local', 'remote'] as const).map((place) => <button key={place} type="button" aria-pressed={state.place === place} onClick={() => move({ place })}>{words.places[place]}</button>)}
      </div>
      <span class="inline-choice meter-sort">
        <label for="meter-sort">{words.sort}</label>
        <select id="meter-sort" value={state.sort} onChange={(event) => move(first(event.currentTarget.value as Sort))}>
          {SORTS.map((sort) => <option key={sort} value={sort}>{words.column[sort]}</option>)}
        </select>
      </span>
      <span class="quiet-word" role="status">{words.shown(shown, all)}</span>
    </div>
  )
}

function List({ meters, state, energy, move }: { meters: Meter[]; state: MetersState; energy: Energy | null; move: Move }) {
  const scale = useColumnScale('W', meters.flatMap((meter) => (meter.power ? [meter.power.path] : [])))
  const readings = readingsOf(energy)
  const tick = Math.floor(useSlowNow(RESORT_S) / 1000 / RESORT_S)
  // A reading that is newer than the order changes only the figure.
  const live = ['age', 'power'].includes(state.sort) ? tick : 0
  const order = useMemo(() => sorted(meters, state, readings), [meters.map((one) => one.id).join(), state.sort, state.down, live, energy])
  const decimals = usedDecimals(Math.max(0, ...(energy?.rows ?? []).filter((row) => row.unit === 'kWh').map((row) => row.used ?? 0)))
  return (
    <div class="panel">
      <div class="scroll" tabIndex={0} role="region" aria-label={t.meters.title}>
        <table class="readings meters-table">
          <Head state={state} move={move} />
          <tbody>{order.map((meter) => <Row key={meter.id} meter={meter} row={readings.today(meter)} scale={scale} decimals={decimals} />)}</tbody>
        </table>
      </div>
    </div>
  )
}

export function MetersPage({ search }: { search: string }) {
  const here = useCell(site)
  const state = parseMeters(search)
  const today = useAsked('today', (signal) => loadEnergy({ period: 'day', by: 'meter', at: '', group: '', medium: '' }, signal), true)
  const words = t.meters
  const all = useMemo(() => (here ? metersOf(here) : []), [here])
  if (!all.length) return <Empty title={words.none} text={words.noneText}><WayOut to="/settings/devices" words={t.overview.toDevices} /></Empty>
  const shown = fitting(all, state)
  const move: Move = (change) => go(printMeters({ ...state, ...change }), 'replace')
  return (
    <div class="meters">
      <div class="title-row"><h1>{words.title}</h1></div>
      <Tools state={state} shown={shown.length} all={all.length} move={move} />
      {shown.length ? <List meters={shown} state={state} energy={today.found} move={move} /> : <p class="quiet-word">{words.noMatch}</p>}
    </div>
  )
}
