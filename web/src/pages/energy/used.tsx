// What was used in a day, week, month or year, against the one before.
import { apiAddress } from '../../api/http'
import { type Energy, energyQuery, loadEnergy } from '../../api/energy'
import { useCell } from '../../base/cell'
import { money, periodName } from '../../format/period'
import { date, moment } from '../../format/time'
import { site } from '../../model/site'
import { Empty, WayOut } from '../../parts/empty'
import { BYS, type EnergyState, parseEnergy, PERIODS, printEnergy } from '../../route/energy-state'
import { go } from '../../route/route'
import { Icon } from '../../shell/icons'
import { t } from '../../text'
import { Amount, Change, Covered, mediumName } from './amounts'
import { BarsPanel } from './bars'
import { subjectOf } from './model'
import { RowsTable } from './rows'
import { useAsked } from './use-energy'

type Move = (change: Partial<EnergyState>) => void

/** Half a day off the bounds: the middle of the neighbour, whatever the clocks do. */
const NOON_S = 43200

function PeriodTools({ state, energy, zone, move }: { state: EnergyState; energy: Energy | null; zone: string; move: Move }) {
  const words = t.energy
  const inPast = energy !== null && energy.to <= energy.now
  const first = energy?.earliest ? energy.from <= energy.earliest : false
  const to = (s: number) => move({ at: s >= (energy?.now ?? 0) ? '' : date(s * 1000, zone) })
  return (
    <>
      <div class="segments" role="group" aria-label={words.period}>
        {PERIODS.map((period) => <button key={period} type="button" aria-pressed={state.period === period} onClick={() => move({ period })}>{words.periods[period]}</button>)}
      </div>
      <div class="stepper">
        <button type="button" class="quiet" aria-label={words.earlier} disabled={!energy || first} onClick={() => to(energy!.from - NOON_S)}><Icon name="left" /></button>
        <b class="period-name" aria-live="polite">{energy ? periodName(energy.period, energy.from, energy.to, zone) : ''}</b>
        <button type="button" class="quiet" aria-label={words.later} disabled={!inPast} onClick={() => to(Math.min(energy!.to + NOON_S, energy!.now))}><Icon name="right" /></button>
        {inPast && <button type="button" class="quiet small" onClick={() => move({ at: '' })}>{words.toNow[state.period]}</button>}
      </div>
    </>
  )
}

function Choice({ id, label, value, choices, onChange }: { id: string; label: string; value: string; choices: [string, string][]; onChange: (value: string) => void }) {
  return (
    <span class="inline-choice">
      <label for={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {choices.map(([name, words]) => <option key={name} value={name}>{words}</option>)}
      </select>
    </span>
  )
}

function Toolbar({ state, energy, zone, move }: { state: EnergyState; energy: Energy | null; zone: string; move: Move }) {
  const words = t.energy
  const media = [...new Set([...(energy?.totals ?? []).map((one) => one.medium), ...(state.medium ? [state.medium] : [])])]
  const groups = useAsked('groups', (signal) => loadEnergy({ period: 'day', by: 'group', at: '', group: '', medium: '' }, signal), false).found?.rows ?? []
  return (
    <div class="energy-tools">
      <PeriodTools state={state} energy={energy} zone={zone} move={move} />
      <div class="segments" role="group" aria-label={words.by}>
        {BYS.map((by) => <button key={by} type="button" aria-pressed={state.by === by} onClick={() => move({ by, of: '', group: '' })}>{words.bys[by]}</button>)}
      </div>
      {(media.length > 1 || state.medium) && state.by !== 'medium' && (
        <Choice id="energy-medium" label={words.mediumField} value={state.medium} choices={[['', words.anyMedium], ...media.map((one): [string, string] => [one, mediumName(one)])]}
          onChange={(medium) => move({ medium, of: '' })} />
      )}
      {state.by === 'meter' && groups.length > 0 && (
        <Choice id="energy-group" label={words.group} value={state.group} choices={[['', words.anyGroup], ...groups.map((one): [string, string] => [one.id, one.name])]}
          onChange={(group) => move({ group, of: '' })} />
      )}
      <span class="spring" />
      <a class="button" href={apiAddress(`/energy.csv${energyQuery(state)}`)} download data-why={words.csvWhy}><Icon name="save" />{words.csv}</a>
    </div>
  )
}

/** The sum of one medium: how much, more or less than before, what it cost, what of it is not known. */
function Total({ energy, at, zone }: { energy: Energy; at: number; zone: string }) {
  const words = t.energy
  const total = energy.totals[at]!
  const whole = energy.to <= energy.now
  const part = total.cost_covered !== null && total.cost_covered !== undefined && total.cost_covered < 0.995
  return (
    <section class="panel total" aria-labelledby={`total-${total.medium}`}>
      <h2 id={`total-${total.medium}`}>{mediumName(total.medium)}</h2>
      <p class="total-used"><Amount used={total.used} unit={total.unit} />{!whole && total.used !== null && <span class="quiet-word"> {words.soFar}, {words.asOf(moment(energy.now * 1000, energy.now * 1000, zone))}</span>}</p>
      <Covered of={total} />
      <dl class="facts">
        <div><dt>{whole ? words.against.whole(energy.period) : words.against.now(energy.period)}</dt><dd><Amount used={total.before} unit={total.unit} /> <Change of={total} /></dd></div>
        {!whole && <div><dt>{words.wholeBefore(energy.period)}</dt><dd><Amount used={total.before_full} unit={total.unit} /></dd></div>}
        {total.cost !== null && (
          <div><dt>{words.cost}</dt><dd>{money(total.cost, energy.currency)}
            {part && <span class="quiet-word"> {words.costPart(`${Math.floor(total.cost_covered! * 100)}\u202f%`)}</span>}
            {!!total.standing && <span class="quiet-word"> {words.standing(money(total.standing, energy.currency))}</span>}</dd></div>
        )}
        {total.co2_kg !== null && <div><dt>{words.co2}</dt><dd><Amount used={total.co2_kg} unit="kg" /></dd></div>}
      </dl>
    </section>
  )
}

/** Why there is no row, and the way out. */
function Nothing({ state }: { state: EnergyState }) {
  const words = t.energy
  if (state.by === 'group') return <Empty part title={words.noGroups} text={words.noGroupsText}><p><a class="button" href="/energy/groups?r=">{words.toGroups}</a></p></Empty>
  return <Empty part title={words.none} text={words.noneText}><WayOut to="/settings/devices" words={t.overview.toDevices} /></Empty>
}

function Body({ energy, state, zone }: { energy: Energy; state: EnergyState; zone: string }) {
  const subject = subjectOf(energy, state.of, mediumName)
  if (!energy.rows.length) return <Nothing state={state} />
  return (
    <>
      {energy.problem && <p class="reason" role="status">{t.energy.problem} {energy.problem}</p>}
      <div class="totals">{energy.totals.map((total, at) => <Total key={total.medium} energy={energy} at={at} zone={zone} />)}</div>
      {subject && <BarsPanel energy={energy} subject={subject} state={state} zone={zone} />}
      <RowsTable energy={energy} chosen={subject?.row?.id ?? null} state={state} zone={zone} />
    </>
  )
}

export function UsedSection({ search }: { search: string }) {
  const state = parseEnergy(search)
  const { of: _, ...wish } = state
  const zone = useCell(site)?.time_zone ?? 'UTC'
  const { found, loading, failure, historyOff } = useAsked(energyQuery(wish), (signal) => loadEnergy(wish, signal), state.at === '')
  const words = t.energy
  const move: Move = (change) => go(printEnergy({ ...state, ...change }))
  return (
    <>
      <Toolbar state={state} energy={found} zone={zone} move={move} />
      {failure && historyOff && !found ? <Empty part title={words.historyOff} text={words.historyOffText} />
        : failure && <p class="reason" role="alert">{words.failed} {failure}</p>}
      {!found && loading && <p class="loading" role="status">{words.loading}</p>}
      {found && <div class={loading ? 'energy-body busy-list' : 'energy-body'} aria-busy={loading}><Body energy={found} state={state} zone={zone} /></div>}
    </>
  )
}
