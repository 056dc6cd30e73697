// Who asks the units through busbar: ports, routes, clients with their counters, and what was refused, live.
import { useEffect, useState } from 'preact/hooks'
import { type Gateway, type GatewayClient, type GatewayCount, loadGateways } from '../../api/gateways'
import { sentence } from '../../api/http'
import { useCell } from '../../base/cell'
import { number } from '../../format/number'
import { span } from '../../format/time'
import { mayAs, session } from '../../model/session'
import { findDevice } from '../../model/site'
import { DiagnosticsTabs } from '../../parts/diagnostics-tabs'
import { StateMark } from '../../parts/marks'
import { address, deviceAddress, signInAddress } from '../../route/route'
import { t } from '../../text'
import { clientKey, lookAt, lostOf, lostWords, rateOf, routesOf, type Look } from './model'

const EVERY_MS = 2000
/** Rates are of this many looks, so that a slow client does not read as none. */
const LOOKS = 6

interface Seen {
  gateways: Gateway[] | null
  looks: Look[]
  failure: string | null
}

function useGateways(): Seen {
  const [seen, setSeen] = useState<Seen>({ gateways: null, looks: [], failure: null })
  useEffect(() => {
    const stop = new AbortController()
    const again = async () => {
      if (document.hidden) return
      try {
        const gateways = await loadGateways(stop.signal)
        setSeen(({ looks }) => ({ gateways, looks: [...looks, lookAt(gateways, performance.now())].slice(-LOOKS), failure: null }))
      } catch (cause) {
        if (!stop.signal.aborted) setSeen((old) => ({ ...old, failure: sentence(cause) }))
      }
    }
    void again()
    const timer = window.setInterval(() => void again(), EVERY_MS)
    return () => { stop.abort(); window.clearInterval(timer) }
  }, [])
  return seen
}

const count = (value: number) => number(value, 0)

function rateWords(looks: Look[], key: string): string {
  const rate = rateOf(looks[0] ?? null, looks[looks.length - 1] ?? null, key)
  return rate === null ? t.value.none : number(rate, rate < 10 ? 1 : 0)
}

function Routes({ text }: { text: string }) {
  const words = t.gateways
  const routes = routesOf(text)
  return (
    <div>
      <h3>{words.routes}</h3>
      {routes.length === 0 && <p class="quiet-word">{words.routesNone}</p>}
      <ul class="routes">
        {routes.map((route, at) => (
          <li key={at}>
            <b>{route.units ?? words.routeAll}</b>
            <span>→ {route.own && findDevice(route.line) ? <a href={deviceAddress(route.line)}>{route.line}</a> : route.line}
              {route.first !== null && <span class="quiet-word"> {words.routeFrom(route.first)}</span>}
              {route.own && <span class="quiet-word"> {route.sunspec ? words.routeSunspec : words.routeOwn}</span>}</span>
          </li>
        ))}
      </ul>
    </div>
  )
}

const KINDS: GatewayCount[] = ['answered', 'remembered', 'merged', 'writes', 'refused', 'unreachable', 'silent', 'busy']

/** Answered from the wire, from memory, and what was lost, as one length. */
function Outcome({ gateway }: { gateway: Gateway }) {
  const words = t.gateways
  const { counts } = gateway
  const share = (value: number) => ({ flexGrow: Math.max(0, value) })
  const lost = lostOf(counts)
  return (
    <div>
      <h3>{words.outcome(count(counts.requests))}</h3>
      {counts.requests > 0 && (
        <>
          <div class="outcome" aria-hidden="true">
            <span class="answered" style={share(counts.answered - counts.remembered)} /><span class="remembered" style={share(counts.remembered)} />{lost > 0 && <span class="lost" style={{ ...share(lost), minInlineSize: '3px' }} />}
          </div>
          <dl class="facts">
            {KINDS.map((kind) => (
              <div key={kind}>
                <dt data-why={words.help[kind]} tabIndex={0}>
                  {(kind === 'answered' || kind === 'remembered') && <span class={`bar-key outcome-key ${kind}`} aria-hidden="true" />}{words.count[kind]}</dt>
                <dd class={counts[kind] > 0 && kind === 'refused' ? 'some' : undefined}>{count(counts[kind])}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </div>
  )
}

function Client({ gateway, client, looks }: { gateway: Gateway; client: GatewayClient; looks: Look[] }) {
  const { column, ...words } = t.gateways
  const lost = lostOf(client.counts)
  return (
    <tr>
      <th scope="row">{client.address}{client.port > 0 && <span class="quiet-word">:{client.port}</span>}</th>
      <td class="number" data-label={column.since}>{span(client.connected_ms)}</td>
      <td class="number" data-label={column.quiet}>{client.quiet_ms === null ? words.never : words.ago(span(client.quiet_ms))}</td>
      <td class="number" data-label={column.underway}>{count(client.underway)}</td>
      <td class="number" data-label={column.rate}>{rateWords(looks, clientKey(gateway, client))}</td>
      <td class="number" data-label={column.requests}>{count(client.counts.requests)}</td>
      <td class="number" data-label={column.share}>{count(client.counts.answered)}</td>
      <td class={lost > client.counts.requests * 0.05 ? 'some' : undefined} data-label={column.refusals}>{words.refusals(lostWords(client.counts, count))}</td>
      <td class="number" data-label={column.writes}>{count(client.counts.writes)}</td>
    </tr>
  )
}

function Clients({ gateway, looks }: { gateway: Gateway; looks: Look[] }) {
  const { column, ...words } = t.gateways
  if (!gateway.clients.length) return <p class="quiet-word">{words.noClients}</p>
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={words.clients(gateway.clients.length)}>
      <table class="readings card-table client-table">
        <thead>
          <tr>
            <th scope="col">{column.client}</th><th scope="col" class="number">{column.since}</th><th scope="col" class="number">{column.quiet}</th>
            <th scope="col" class="number">{column.underway}</th><th scope="col" class="number">{column.rate}</th><th scope="col" class="number">{column.requests}</th>
            <th scope="col" class="number">{column.share}</th><th scope="col">{column.refusals}</th><th scope="col" class="number">{column.writes}</th>
          </tr>
        </thead>
        <tbody>{gateway.clients.map((client) => <Client key={clientKey(gateway, client)} gateway={gateway} client={client} looks={looks} />)}</tbody>
      </table>
    </div>
  )
}

function GatewayPanel({ gateway, looks }: { gateway: Gateway; looks: Look[] }) {
  const words = t.gateways
  const open = !gateway.problem
  return (
    <section class="panel gateway" aria-labelledby={`gateway-${gateway.name}`} data-gateway={gateway.name}>
      <div class="line-head">
        <h2 id={`gateway-${gateway.name}`}>{gateway.name}</h2>
        {gateway.label && gateway.label !== gateway.name && <span>{gateway.label}</span>}
        <span class={open ? 'state online' : 'state silent'}><StateMark state={open ? 'online' : 'silent'} />{open ? words.listens(gateway.port === null ? gateway.listen : `${gateway.listen}:${gateway.port}`) : words.closed}</span>
        <span>{words.kind[gateway.kind] ?? gateway.kind}</span>
        <span>{words.clients(gateway.clients_connected)}</span>
        <span>{words.rate(rateWords(looks, gateway.name))}</span>
        <span class="quiet-word">{words.accepted(count(gateway.accepted))}{gateway.turned_away > 0 && <>, <span data-why={words.turnedAwayWhy} tabIndex={0}>{words.turnedAway(count(gateway.turned_away))}</span></>}</span>
      </div>
      {gateway.problem && <p class="reason">{gateway.problem}</p>}
      <div class="gateway-body">
        <Outcome gateway={gateway} />
        {gateway.routes !== undefined && <Routes text={gateway.routes} />}
      </div>
      <Clients gateway={gateway} looks={looks} />
    </section>
  )
}

function Gateways() {
  const { gateways, looks, failure } = useGateways()
  const isAdministrator = mayAs(useCell(session), 'administrator')
  const words = t.gateways
  return (
    <>
      {failure && <p class="reason" role="alert">{words.failed} {failure}</p>}
      {!gateways && !failure && <p class="loading" role="status">{t.app.loading}</p>}
      {gateways?.length === 0 && <div class="empty"><h2>{words.none}</h2><p>{words.noneText}</p>{isAdministrator && <p><a class="button" href="/settings/gateways">{words.toSettings}</a></p>}</div>}
      {gateways && gateways.length > 0 && <p class="quiet-word gateway-text">{words.text}</p>}
      {gateways?.map((gateway) => <GatewayPanel key={gateway.name} gateway={gateway} looks={looks} />)}
    </>
  )
}

/** Nothing is asked for those whom the unit would refuse. */
export function GatewaysPage() {
  const mayControl = mayAs(useCell(session), 'control')
  return (
    <div class="diagnostics">
      <div class="title-row"><h1>{t.diagnostics.title}</h1><DiagnosticsTabs section="gateways" /></div>
      {mayControl ? <Gateways /> : <p class="reason">{t.gateways.needControl} <a href={signInAddress(address())}>{t.head.signIn}</a></p>}
    </div>
  )
}
