// The menu: at the side on a wide screen with every device and its state, at the bottom on a phone.
import { useEffect, useState } from 'preact/hooks'
import { useCell } from '../base/cell'
import { chooseMenu, menuOf, ownMenu } from '../model/layout'
import { session, mayAs } from '../model/session'
import { site } from '../model/site'
import { AlarmMark } from '../parts/alarm-marks'
import { StateMark } from '../parts/marks'
import { deviceAddress, route } from '../route/route'
import { t } from '../text'
import { Icon, type IconName } from './icons'

/** `later`: on a phone behind More, where only five have room. */
type Item = { href: string; page: string; name: IconName; words: string; later?: boolean }

/** Settings only for those who may see them: a link into a refusal helps nobody. */
function Pages({ current }: { current: string }) {
  const who = useCell(session)
  const [more, setMore] = useState(false)
  useEffect(() => setMore(false), [current])
  const items: Item[] = [
    { href: '/', page: 'overview', name: 'overview', words: t.nav.overview },
    { href: '/control', page: 'control', name: 'control', words: t.nav.control },
    { href: '/alarms', page: 'alarms', name: 'alarms', words: t.nav.alarms },
    { href: '/energy', page: 'energy', name: 'energy', words: t.nav.energy },
    { href: '/graph', page: 'graph', name: 'graph', words: t.nav.graph },
    { href: '/meters', page: 'meters', name: 'meters', words: t.nav.meters, later: true },
    { href: '/events', page: 'events', name: 'events', words: t.nav.events, later: true },
    { href: '/diagnostics', page: 'diagnostics', name: 'diagnostics', words: t.nav.diagnostics, later: true },
  ]
  if (mayAs(who, 'installer')) {
    items.push({ href: '/settings', page: 'settings', name: 'settings', words: t.nav.settings, later: true })
  }
  const hidden = items.some((item) => item.later && item.page === current)
  return (
    <ul class={more ? 'pages open' : 'pages'}>
      {items.map((item) => (
        <li key={item.page} class={item.later ? 'later' : undefined}>
          <a href={item.href} aria-current={current === item.page ? 'page' : undefined}>
            <Icon name={item.name} /><span>{item.words}</span>
          </a>
        </li>
      ))}
      <li class="more">
        <button type="button" class={hidden ? 'here' : ''} aria-expanded={more} onClick={() => setMore(!more)}>
          <Icon name="more" /><span>{t.nav.more}</span>
        </button>
      </li>
    </ul>
  )
}

/** Every device with its state, on every page. */
function Devices({ current }: { current: string | null }) {
  const here = useCell(site)
  if (!here?.devices.length) return null
  return (
    <>
      <h2>{t.nav.devices}</h2>
      <ul class="devices">
        {here.devices.map((device) => (
          <li key={device.name}>
            <a href={deviceAddress(device.name)} aria-current={current === device.name ? 'page' : undefined}>
              <StateMark state={device.state} />
              <span class="device-name">{device.name}</span>
              <AlarmMark path={device.name} />
              <span class="hidden">, {t.deviceState[device.state]}</span>
              {device.label && <span class="device-label">{device.label}</span>}
            </a>
          </li>
        ))}
      </ul>
    </>
  )
}

/** For this browser; what the site wants is a setting. */
function MenuPlace() {
  const menu = menuOf(useCell(ownMenu), useCell(session))
  const other = menu === 'side' ? 'top' : 'side'
  return <button type="button" class="quiet small menu-place" onClick={() => chooseMenu(other)}>{t.nav.menu[other]}</button>
}

export function Nav() {
  const at = useCell(route)
  return (
    <nav class="nav" aria-label={t.nav.label}>
      <Pages current={at.page} />
      <Devices current={at.page === 'device' ? at.name : null} />
      <MenuPlace />
    </nav>
  )
}
