// First screen: is everything on, is anything wrong, where does the power go.
import { useLost } from '../../api/live'
import { useCell } from '../../base/cell'
import { useUnpowered } from '../../model/powered'
import { componentsOf, site } from '../../model/site'
import { Empty, WayOut } from '../../parts/empty'
import { StateMark } from '../../parts/marks'
import type { Site } from '../../api/types'
import { deviceAddress } from '../../route/route'
import { t } from '../../text'
import { Diagram } from './diagram'
import { ProblemStrip } from './problem-strip'
import { Where } from './where'

/** All outlets of the site are asked for: not as often as where one looks at one unit. */
const UNPOWERED_MS = 20_000

/** Devices that are switched off on purpose are not missed. */
function summary(here: Site, lost: boolean): string {
  const wanted = here.devices.filter((device) => device.state !== 'disabled')
  const online = wanted.filter((device) => device.state === 'online').length
  if (lost) return t.overview.wereOn(online, wanted.length)
  return online === wanted.length ? t.overview.allOn(online) : t.overview.someOn(online, wanted.length)
}

/** On a phone there is no side menu that shows the devices. */
function Chips({ here }: { here: Site }) {
  return (
    <ul class="chips" aria-label={t.overview.states}>
      {here.devices.map((device) => (
        <li key={device.name}>
          <a href={deviceAddress(device.name)}><StateMark state={device.state} />{device.name}
            <span class="hidden">, {t.deviceState[device.state]}</span></a>
        </li>
      ))}
    </ul>
  )
}

export function Overview() {
  const here = useCell(site)
  const lost = useLost()
  const hasOutlets = here?.devices.some((device) => componentsOf(device, 'outlet').length > 0)
  useUnpowered(hasOutlets ? null : undefined, UNPOWERED_MS)
  if (!here) return null
  if (!here.devices.length) return <Empty title={t.overview.emptyTitle} text={t.overview.emptyText}><WayOut to="/settings/lines" words={t.overview.toLines} /></Empty>
  return (
    <div class="overview">
      <div class="title-row">
        <h1>{t.overview.title}</h1>
        <p class="summary">{summary(here, lost)}</p>
      </div>
      <ProblemStrip site={here} />
      <Chips here={here} />
      <div class="overview-body">
        <section class="panel flow-panel" aria-labelledby="flow">
          <h2 id="flow" class="hidden">{t.overview.flow}</h2>
          <Diagram site={here} />
        </section>
        <Where site={here} />
      </div>
    </div>
  )
}
