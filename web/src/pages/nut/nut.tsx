// The NUT server: who may ask it, what it offers and at which stage that stands, who is connected.
import { useEffect, useState } from 'preact/hooks'
import { forceShutdown, loadNut, type Nut, type NutCount, type NutUps } from '../../api/nut'
import { ask, sentence } from '../../api/http'
import type { SettingEntry, Settings } from '../../api/types'
import { useCell } from '../../base/cell'
import { number } from '../../format/number'
import { span } from '../../format/time'
import { mayAs, session } from '../../model/session'
import { ConfirmRow } from '../../parts/confirm'
import { DiagnosticsTabs } from '../../parts/diagnostics-tabs'
import { StateMark } from '../../parts/marks'
import { address, deviceAddress, signInAddress } from '../../route/route'
import { t } from '../../text'
import { NutClients } from './clients'
import { offAfter, recordsOf, type Rule, ruleWords, standing, STAGES, statusWords } from './model'

const EVERY_MS = 2000

interface Seen {
  nut: Nut | null
  failure: string | null
  /** Asks at once, after something was changed. */
  again(): void
}

function useNut(): Seen {
  const [seen, setSeen] = useState<{ nut: Nut | null; failure: string | null }>({ nut: null, failure: null })
  const [asked, setAsked] = useState(0)
  useEffect(() => {
    const stop = new AbortController()
    const look = () => document.hidden || void loadNut(stop.signal).then(
      (nut) => setSeen({ nut, failure: null }),
      (cause) => stop.signal.aborted || setSeen((old) => ({ ...old, failure: sentence(cause) })),
    )
    look()
    const timer = window.setInterval(look, EVERY_MS)
    return () => { stop.abort(); window.clearInterval(timer) }
  }, [asked])
  return { ...seen, again: () => setAsked((before) => before + 1) }
}

/** Of those who may read them; the page stands without. */
function useSettingValues(wanted: boolean): SettingEntry[] | null {
  const [values, setValues] = useState<SettingEntry[] | null>(null)
  useEffect(() => {
    if (!wanted) return
    const stop = new AbortController()
    ask<Settings>('/settings', { signal: stop.signal }).then((settings) => setValues(settings.values), () => {})
    return () => stop.abort()
  }, [wanted])
  return values
}

const count = (value: number) => number(value, 0)

function Server({ nut }: { nut: Nut }) {
  const words = t.nut
  const open = !nut.problem
  return (
    <>
      <div class="line-head">
        <h2 id="nut-server">{words.title}</h2>
        <span class={open ? 'state online' : 'state silent'}><StateMark state={open ? 'online' : 'silent'} />{open ? words.listens(nut.listen.includes(':') ? `[${nut.listen}]:${nut.port}` : `${nut.listen}:${nut.port}`) : words.closed}</span>
        <span>{words.clients(nut.clients_connected)}</span>
        <span class="quiet-word">{words.accepted(count(nut.accepted))}
          {nut.turned_away > 0 && <>, <span data-why={words.turnedAwayWhy} tabIndex={0}>{words.turnedAway(count(nut.turned_away))}</span></>}
          {nut.slow > 0 && <>, <span data-why={words.slowWhy} tabIndex={0}>{words.slow(count(nut.slow))}</span></>}</span>
      </div>
      {nut.problem && <p class="reason">{nut.problem}</p>}
    </>
  )
}

/** As it is set; what only administrators may read is left out for others. */
function Who({ nut, values }: { nut: Nut; values: SettingEntry[] | null }) {
  const words = t.nut
  const isOpen = useCell(session)?.view_open ?? false
  const networks = values?.find(({ key }) => key === 'nut.networks')?.value
  const users = values && [...recordsOf(values, 'nut_users')]
  const facts: [string, string][] = [
    [words.read, isOpen ? words.readOpen : users?.length ? `${words.readUsers}, ${words.readEquipment}` : words.readUsers],
    ...(values ? [[words.from, String(networks || words.anywhere)] as [string, string]] : []),
    [words.attach, words.attachText], [words.command, words.commandText],
    [words.encryption, nut.tls_required ? words.tls.required : nut.tls ? words.tls.offered : words.tls.none],
  ]
  return (
    <div class="nut-who">
      <h3>{words.who}</h3>
      <dl class="facts">{facts.map(([name, text]) => <div key={name}><dt>{name}</dt><dd>{text}</dd></div>)}</dl>
      {users && (
        <>
          <h3>{words.users}</h3>
          {!users.length && <p class="quiet-word">{words.usersNone}</p>}
          <ul class="plain-list">{users.map(([name, user]) => <li key={name}><b>{name}</b> <span class="quiet-word">{words.userSees(user.ups ?? '', user.networks ?? '')}</span></li>)}</ul>
          <p>{words.change}: <a href="/settings/nut">{words.changes.server}</a>, <a href="/settings/nut_ups">{words.changes.ups}</a>, <a href="/settings/nut_users">{words.changes.users}</a></p>
        </>
      )}
    </div>
  )
}

/** All four in their order; those that stand now are filled, and said. */
function Stages({ ups, rule }: { ups: NutUps; rule: Rule | undefined }) {
  const words = t.nut
  const now = standing(ups)
  const since = { battery: ups.on_battery_ms, low: null, forced: ups.forced_ms, off: null }
  const lasting = STAGES.filter((stage) => now.has(stage)).map((stage) => (since[stage] === null ? words.stage[stage]! : words.stageFor(words.stage[stage]!, span(since[stage]!))))
  return (
    <>
      <span class="stages" aria-hidden="true">{STAGES.map((stage) => <span key={stage} class={now.has(stage) ? `stage ${stage} on` : 'stage'} data-why={`${words.stage[stage]}: ${words.stageWhy[stage]}`} />)}</span>
      <span class={lasting.length ? 'stage-words on' : 'stage-words'}>{lasting.length ? lasting.join(', ') : ups.contact === 'fine' ? words.stageCalm : words.unknown}</span>
      {ruleWords(rule).map((one) => <span key={one} class="when">{one}</span>)}
    </>
  )
}

interface UpsProps {
  ups: NutUps
  rule: Rule | undefined
  onSet: (name: string, forced: boolean) => void
}

function Shows({ ups }: { ups: NutUps }) {
  if (ups.group) return <a href={`/control/groups?r=${encodeURIComponent(ups.group)}`}>{ups.group}</a>
  return ups.device ? <a href={deviceAddress(ups.device)}>{ups.device}</a> : <>{t.value.none}</>
}

function UpsRow({ ups, rule, onSet }: UpsProps) {
  const { column, ...words } = t.nut
  const asks = ups.forced
    ? { label: words.end, ariaLabel: words.endOf(ups.name), question: words.endAsk(ups.name), yes: words.endYes }
    : { label: words.force, ariaLabel: words.forceOf(ups.name), question: words.forceAsk(ups.name, ups.attached, offAfter(rule)), yes: words.forceYes }
  return (
    <ConfirmRow {...asks} onYes={() => onSet(ups.name, !ups.forced)} columns={7} row={{ 'data-ups': ups.name }}>
      <th scope="row"><b>{ups.name}</b>{ups.label && ups.label !== ups.name && <span class="when">{ups.label}</span>}</th>
      <td data-label={column.shows}><Shows ups={ups} /></td>
      <td data-label={column.battery}>{ups.supply ? <a href={deviceAddress(ups.supply)}>{ups.supply}</a> : <span class="absent">{words.noSupply}</span>}</td>
      <td data-label={column.status}>
        <span data-why={ups.status ? words.statusWhy(ups.status) : undefined} tabIndex={ups.status ? 0 : undefined}>{statusWords(ups.status)}</span>
        {ups.contact !== 'fine' && <span class="when some">{words.contact[ups.contact]}</span>}
      </td>
      <td data-label={column.stage}><Stages ups={ups} rule={rule} /></td>
      <td class="number" data-label={column.attached}>{words.hosts(ups.attached)}</td>
    </ConfirmRow>
  )
}

function Offered({ nut, values, onChanged }: { nut: Nut; values: SettingEntry[] | null; onChanged: () => void }) {
  const { column, ...words } = t.nut
  const [said, setSaid] = useState<{ words: string; refused: boolean } | null>(null)
  const rules = values ? recordsOf(values, 'nut_ups') : new Map<string, Rule>()
  const set = (name: string, forced: boolean) => void forceShutdown(name, forced).then(
    () => { setSaid({ words: forced ? words.forced(name) : words.ended(name), refused: false }); onChanged() },
    (cause) => setSaid({ words: sentence(cause), refused: true }),
  )
  return (
    <div class="panel">
      <h2>{words.offered}</h2>
      <p role="status" class={said?.refused ? 'fault' : 'said'} hidden={!said}>{said?.words}</p>
      {!nut.ups.length && <p class="quiet-word">{words.offeredNone}</p>}
      {nut.ups.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={words.offered}>
          <table class="readings card-table nut-table">
            <thead>
              <tr>
                {['name', 'shows', 'battery', 'status', 'stage'].map((name) => <th key={name} scope="col">{column[name]}</th>)}
                <th scope="col" class="number">{column.attached}</th><th scope="col"><span class="hidden">{words.force}</span></th>
              </tr>
            </thead>
            <tbody>{nut.ups.map((ups) => <UpsRow key={ups.name} ups={ups} rule={rules.get(ups.name)} onSet={set} />)}</tbody>
          </table>
        </div>
      )}
    </div>
  )
}

function Counts({ nut }: { nut: Nut }) {
  const words = t.nut
  return (
    <section class="panel" aria-labelledby="nut-counts">
      <h2 id="nut-counts">{words.counts}</h2>
      <dl class="facts">{Object.entries(words.count).map(([name, label]) => <div key={name}><dt>{label}</dt><dd>{count(nut.counts[name as NutCount])}</dd></div>)}</dl>
    </section>
  )
}

function Body() {
  const { nut, failure, again } = useNut()
  const mayEdit = mayAs(useCell(session), 'administrator')
  const values = useSettingValues(mayEdit)
  const words = t.nut
  const isOff = nut !== null && nut.port === null && !nut.problem
  return (
    <>
      {failure && <p class="reason" role="alert">{words.failed} {failure}</p>}
      {!nut && !failure && <p class="loading" role="status">{t.app.loading}</p>}
      {isOff && <div class="empty"><h2>{words.off}</h2><p>{mayEdit ? words.offText : words.offTextOther}</p>{mayEdit && <p><a class="button" href="/settings/nut">{words.toSettings}</a></p>}</div>}
      {nut && !isOff && (
        <>
          <p class="quiet-word gateway-text">{words.text}</p>
          <section class="panel" aria-labelledby="nut-server"><Server nut={nut} /><Who nut={nut} values={values} /></section>
          <Offered nut={nut} values={values} onChanged={again} />
          <NutClients clients={nut.clients} />
          <Counts nut={nut} />
        </>
      )}
    </>
  )
}

/** Nothing is asked for those whom the unit would refuse. */
export function NutPage() {
  const mayControl = mayAs(useCell(session), 'control')
  return (
    <div class="diagnostics nut">
      <div class="title-row"><h1>{t.diagnostics.title}</h1><DiagnosticsTabs section="nut" /></div>
      {mayControl ? <Body /> : <p class="reason">{t.nut.needControl} <a href={signInAddress(address())}>{t.head.signIn}</a></p>}
    </div>
  )
}
