// Demand: the window under way, the last whole one, peaks with their times, lowest and highest readings, and their reset.
import { useState } from 'preact/hooks'
import { type Demand, loadDemands, resetDemand } from '../../api/demand'
import { sentence } from '../../api/http'
import { useCell } from '../../base/cell'
import { useSlowNow } from '../../base/clock'
import { PLAIN, scaledDecimals, type Scale } from '../../format/number'
import { moment, span } from '../../format/time'
import { componentName } from '../../model/names'
import { mayAs, session } from '../../model/session'
import { places, site } from '../../model/site'
import { ConfirmRow } from '../../parts/confirm'
import { Empty } from '../../parts/empty'
import { Aligned } from '../../parts/figure'
import { t } from '../../text'
import { demandId, historyPath, parseDemand, passed, printDemand, scalesOf, type DemandState } from './demand-model'
import { DemandHistory } from './demand-picture'
import { useAsked } from './use-energy'

/** The average under way changes with each reading; this often is enough to watch it. */
const EVERY_MS = 5_000

/** What people call the device, the part where it is not the whole, what is measured where it is not power. */
function nameOf({ source }: Demand): string {
  const place = places().get(source)
  if (!place) return source
  const { device, component, point } = place
  return [device.label || device.name, component.name !== 'total' && componentName(component), point.quantity !== 'real-power' && point.label.toLowerCase()].filter(Boolean).join(', ')
}

interface FigureProps {
  value: number | null
  demand: Demand
  scale: Scale
  none: string
  why: string
}

function Amount({ value, demand, scale, none, why }: FigureProps) {
  if (value === null) return <span class="figure absent" data-why={why} tabIndex={0}>{none}</span>
  const decimals = places().get(demand.point ?? demand.source)?.point.decimals ?? 1
  return <span class="figure"><Aligned value={value / scale.divisor} decimals={scaledDecimals(decimals, scale)} /><span class="unit">{scale.prefix}{demand.unit}</span></span>
}

/** A figure and, below it, when it was. */
function Timed({ time, zone, now, ...props }: FigureProps & { time: number | null; zone: string; now: number }) {
  return <><Amount {...props} />{props.value !== null && time !== null && <span class="when">{moment(time * 1000, now, zone)}</span>}</>
}

interface RowProps {
  demand: Demand
  scale: Scale
  zone: string
  state: DemandState
  chosen: boolean
  onReset: (demand: Demand) => void
}

function Name({ demand, state, chosen }: Pick<RowProps, 'demand' | 'state' | 'chosen'>) {
  const name = nameOf(demand)
  return (
    <th scope="row">
      <a href={printDemand({ ...state, of: demandId(demand) })} aria-current={chosen ? 'true' : undefined} aria-label={t.energy.demand.show(name)}><b>{name}</b></a>
      <span class="when">{demand.source}</span>
    </th>
  )
}

/** What the button of a row asks, for whoever may press it. */
function resetOf({ demand, onReset }: Pick<RowProps, 'demand' | 'onReset'>, mayReset: boolean) {
  const words = t.energy.demand
  const name = nameOf(demand)
  return { label: words.reset, ariaLabel: words.resetOf(name), question: words.resetAsk(name), yes: words.resetYes, onYes: mayReset ? () => onReset(demand) : null }
}

/** The average up to now, how far the window has gone, when it ends. */
function Running({ demand, scale, zone }: Pick<RowProps, 'demand' | 'scale' | 'zone'>) {
  const words = t.energy.demand
  const now = useSlowNow(5)
  const share = passed(demand, now / 1000)
  const ends = demand.ends === null ? null : moment(demand.ends * 1000, now, zone)
  return (
    <>
      <Amount value={demand.running} demand={demand} scale={scale} none={words.notKnown} why={words.notKnownWhy} />
      {ends && (
        <span class="when">
          {share !== null && <span class="window-bar" role="img" aria-label={words.windowText(Math.floor(share * 100))}><span style={{ inlineSize: `${share * 100}%` }} /></span>}
          {demand.kind === 'sliding' ? words.next(ends) : words.ends(ends)}
        </span>
      )}
    </>
  )
}

function AverageRow({ demand, scale, zone, state, chosen, onReset, mayReset }: RowProps & { mayReset: boolean }) {
  const { column, ...words } = t.energy.demand
  const now = useSlowNow(30)
  const shown = { demand, scale, zone, now }
  return (
    <ConfirmRow {...resetOf({ demand, onReset }, mayReset)} columns={8} row={{ class: chosen ? 'chosen' : undefined, 'data-demand': demandId(demand) }}>
      <Name demand={demand} state={state} chosen={chosen} />
      <td data-label={column.window}>{span(demand.window_s * 1000)} <span class="quiet-word" data-why={words.kindWhy[demand.kind]} tabIndex={0}>{words.kind[demand.kind]}</span></td>
      <td class="number" data-label={column.running}><Running demand={demand} scale={scale} zone={zone} /></td>
      <td class="number" data-label={column.last}><Timed {...shown} value={demand.last} time={demand.last_time} none={words.notKnown} why={words.notKnownWhy} /></td>
      <td class="number peak-cell" data-label={column.peak}><Timed {...shown} value={demand.peak} time={demand.peak_time} none={words.noPeak} why={words.noPeakWhy} /></td>
      <td class="number" data-label={column.month}><Timed {...shown} value={demand.month_peak} time={demand.month_peak_time} none={words.noPeak} why={words.noPeakWhy} /></td>
      <td class="number" data-label={column.since}>{demand.since === null ? t.value.none : moment(demand.since * 1000, now, zone)}</td>
    </ConfirmRow>
  )
}

function ExtremesRow({ demand, scale, zone, onReset, mayReset }: RowProps & { mayReset: boolean }) {
  const { column, ...words } = t.energy.demand
  const now = useSlowNow(30)
  const shown = { demand, scale, zone, now, none: words.noPeak, why: t.value.notYet }
  return (
    <ConfirmRow {...resetOf({ demand, onReset }, mayReset)} columns={5} row={{ 'data-demand': demandId(demand) }}>
      <th scope="row"><b>{nameOf(demand)}</b><span class="when">{demand.source}</span></th>
      <td class="number" data-label={column.least}><Timed {...shown} value={demand.least} time={demand.least_time} /></td>
      <td class="number" data-label={column.most}><Timed {...shown} value={demand.peak} time={demand.peak_time} /></td>
      <td class="number" data-label={column.since}>{demand.since === null ? t.value.none : moment(demand.since * 1000, now, zone)}</td>
    </ConfirmRow>
  )
}

interface TableProps {
  rows: Demand[]
  state: DemandState
  chosen: string
  zone: string
  onReset: (demand: Demand) => void
}

function Table({ rows, extremes, state, chosen, zone, onReset }: TableProps & { extremes: boolean }) {
  const { column, ...words } = t.energy.demand
  const mayReset = mayAs(useCell(session), 'administrator')
  const scales = scalesOf(rows)
  const Row = extremes ? ExtremesRow : AverageRow
  const columns = extremes ? ['least', 'most', 'since'] : ['window', 'running', 'last', 'peak', 'month', 'since']
  const title = extremes ? words.extremes : words.averages
  return (
    <div class="panel">
      <h2>{title}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={title}>
        <table class="readings card-table demand-table">
          <thead>
            <tr>
              <th scope="col">{column.name}</th>
              {columns.map((name) => <th key={name} scope="col" class={name === 'window' ? undefined : 'number'} data-why={name === 'running' ? words.runningWhy : undefined}>{column[name]}</th>)}
              {mayReset && <th scope="col"><span class="hidden">{column.reset}</span></th>}
            </tr>
          </thead>
          <tbody>{rows.map((demand) => <Row key={demandId(demand)} demand={demand} scale={scales.get(demand.unit) ?? PLAIN} zone={zone} state={state} chosen={demandId(demand) === chosen} onReset={onReset} mayReset={mayReset} />)}</tbody>
        </table>
      </div>
    </div>
  )
}

function Nothing() {
  const words = t.energy.demand
  const mayEdit = mayAs(useCell(session), 'administrator')
  return <Empty part title={words.none} text={mayEdit ? words.noneText : words.noneTextOther}>{mayEdit && <p><a class="button" href="/settings/demand">{words.toSettings}</a></p>}</Empty>
}

export function DemandSection({ search }: { search: string }) {
  const words = t.energy.demand
  const zone = useCell(site)?.time_zone ?? 'UTC'
  const mayEdit = mayAs(useCell(session), 'administrator')
  const state = parseDemand(search)
  const [resets, setResets] = useState(0)
  const [said, setSaid] = useState<{ words: string; refused: boolean } | null>(null)
  const { found, failure } = useAsked(`demand ${resets}`, loadDemands, true, EVERY_MS)
  const reset = (demand: Demand) => resetDemand(demand.source).then(
    () => { setSaid({ words: words.resetDone(nameOf(demand)), refused: false }); setResets((before) => before + 1) },
    (cause) => setSaid({ words: sentence(cause), refused: true }),
  )
  if (!found) return failure ? <p class="reason" role="alert">{words.failed} {failure}</p> : <p class="loading" role="status">{words.loading}</p>
  if (!found.length) return <Nothing />
  const averages = found.filter(({ kind }) => kind !== 'extremes')
  const extremes = found.filter(({ kind }) => kind === 'extremes')
  const shown = averages.find((one) => demandId(one) === state.of) ?? averages[0]
  const path = shown && historyPath(shown, (one) => places().has(one))
  const table = { state, zone, chosen: shown ? demandId(shown) : '', onReset: (demand: Demand) => void reset(demand) }
  return (
    <div class="energy-body">
      {failure && <p class="reason" role="alert">{words.failed} {failure}</p>}
      <p role="status" class={said?.refused ? 'fault' : 'said'} hidden={!said}>{said?.words}</p>
      {shown && path && <DemandHistory demand={shown} path={path} name={nameOf(shown)} state={state} zone={zone} />}
      {averages.length > 0 && <Table {...table} rows={averages} extremes={false} />}
      {extremes.length > 0 && <Table {...table} rows={extremes} extremes />}
      {mayEdit && <p><a href="/settings/demand">{words.settings}</a></p>}
    </div>
  )
}
