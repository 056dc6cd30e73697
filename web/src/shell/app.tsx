// The frame around every page, and which page stands in it.
import { useEffect, useState } from 'preact/hooks'
import { useCell } from '../base/cell'
import { menuOf, ownMenu } from '../model/layout'
import { mayView, session } from '../model/session'
import { site } from '../model/site'
import { Empty } from '../parts/empty'
import { Device } from '../pages/device/device'
import { Overview } from '../pages/overview/overview'
import { route, type Route } from '../route/route'
import { t } from '../text'
import { Banner } from './banner'
import { Head } from './head'
import { HistoryBanner } from './history-banner'
import { lazy } from './lazy'
import { Nav } from './nav'
import { Search } from './search'
import { useAlarmCount } from './alarm-count'
import { loadFailure, reloadSite } from './start'

const GraphPage = lazy(async () => (await import('../pages/graph/graph')).GraphPage)
const ControlPage = lazy(async () => (await import('../pages/control/control')).ControlPage)
const AlarmsPage = lazy(async () => (await import('../pages/alarms/alarms')).AlarmsPage)
const EnergyPage = lazy(async () => (await import('../pages/energy/energy')).EnergyPage)
const MetersPage = lazy(async () => (await import('../pages/meters/meters')).MetersPage)
const GatewaysPage = lazy(async () => (await import('../pages/gateways/gateways')).GatewaysPage)
const NutPage = lazy(async () => (await import('../pages/nut/nut')).NutPage)
const EventsPage = lazy(async () => (await import('../pages/events/events')).EventsPage)
const Diagnostics = lazy(async () => (await import('../pages/diagnostics/diagnostics')).Diagnostics)
const SettingsPage = lazy(async () => (await import('../pages/settings/settings')).SettingsPage)
const Account = lazy(async () => (await import('../pages/access/account')).Account)
const SignIn = lazy(async () => (await import('../pages/access/sign-in')).SignIn)

/** For the window and the history of the browser. */
function titleOf(at: Route): string {
  switch (at.page) {
    case 'overview': return t.nav.overview
    case 'device': return at.name
    case 'control': return t.nav.control
    case 'alarms': return t.nav.alarms
    case 'energy': return t.nav.energy
    case 'meters': return t.nav.meters
    case 'graph': return t.nav.graph
    case 'events': return t.nav.events
    case 'diagnostics': return t.nav.diagnostics
    case 'settings': return t.nav.settings
    case 'account': return t.account.name
    case 'sign-in': return t.signIn.title
    case 'unknown': return t.app.unknownPage
  }
}

function Page({ at }: { at: Route }) {
  switch (at.page) {
    case 'overview': return <Overview />
    case 'device': return <Device key={at.name} name={at.name} />
    case 'control': return <ControlPage section={at.section} search={at.search} />
    case 'alarms': return <AlarmsPage section={at.section} search={at.search} />
    case 'energy': return <EnergyPage section={at.section} search={at.search} />
    case 'meters': return <MetersPage search={at.search} />
    case 'graph': return <GraphPage search={at.search} />
    case 'events': return <EventsPage search={at.search} />
    case 'diagnostics': return at.section === 'gateways' ? <GatewaysPage /> : at.section === 'nut' ? <NutPage /> : <Diagnostics />
    case 'settings': return <SettingsPage section={at.section} />
    case 'account': return <Account />
    case 'sign-in': return <SignIn next={at.next} />
    case 'unknown': return <Empty title={t.app.unknownPage} text={t.app.unknownPageText(at.path)} />
  }
}

/** Before the first answer of the unit, and when it does not come. */
function Waiting() {
  const failure = useCell(loadFailure)
  if (!failure) return <p class="loading" role="status">{t.app.loading}</p>
  return (
    <div class="empty" role="alert">
      <h1>{t.app.loadFailed}</h1><p>{failure}</p>
      <button type="button" onClick={() => void reloadSite()}>{t.app.retry}</button>
    </div>
  )
}

/** `/` opens search unless somebody is typing. */
function useSearchKey(open: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const inField = (event.target as Element | null)?.closest?.('input, textarea, select, dialog')
      if (event.key !== '/' || inField || event.ctrlKey || event.metaKey || event.altKey) return
      event.preventDefault()
      open()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  }, [open])
}

/** Everything there is on the screen. */
export function App() {
  const at = useCell(route)
  const here = useCell(site)
  const who = useCell(session)
  const menu = menuOf(useCell(ownMenu), who)
  const [searching, setSearching] = useState(false)
  useSearchKey(() => mayView(session.get()) && setSearching(true))
  const count = useAlarmCount()
  useEffect(() => {
    const title = here ? `${titleOf(at)} · ${here.name}` : titleOf(at)
    document.title = count ? `(${count}) ${title}` : title
  }, [at, here?.name, count])

  const alone = at.page === 'sign-in'
  const ready = alone || (here !== null && who !== null)
  return (
    <>
      <a class="skip" href="#page">{t.app.skip}</a>
      {!alone && <Head onSearch={() => setSearching(true)} />}
      <Banner />
      {!alone && <HistoryBanner />}
      <div class={alone ? 'body alone' : `body menu-${menu}`}>
        {!alone && <Nav />}
        <main id="page" tabIndex={-1} data-page={at.page}>
          {ready ? <Page at={at} /> : <Waiting />}
          <div id="why" class="bubble" role="tooltip" hidden />
        </main>
      </div>
      {searching && <Search onClose={() => setSearching(false)} />}
    </>
  )
}
