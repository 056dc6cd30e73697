// Switching: choose, look at what will happen, confirm, watch it being read back.
import { useState } from 'preact/hooks'
import type { Action, Outlet } from '../../api/switching'
import { useCell } from '../../base/cell'
import { mayAs, session } from '../../model/session'
import { known } from '../../format/value'
import { useUnpowered } from '../../model/powered'
import { findDevice } from '../../model/site'
import { commands, openSteps } from '../../model/switching'
import { values } from '../../model/values'
import { Empty, WayOut } from '../../parts/empty'
import { ACTIONS, parseControl, printControl } from '../../route/control-state'
import { address, go, signInAddress } from '../../route/route'
import { t } from '../../text'
import { Budgets } from './budgets'
import { Groups } from './groups'
import { Interlocks } from './interlocks'
import { OutletSettings } from './outlet-settings'
import { PlanPanel } from './plan'
import { Running } from './running'
import { Schedules } from './schedules'
import { Strips } from './strips'
import { useOutlets } from './use-outlets'

/** A breaker that opens shows within this time at the outlets behind it. */
const UNPOWERED_MS = 5_000

/** From so many on nobody looks through them for one. */
const MANY = 48

/** Every word must occur in path, name or the device's name. */
function fitting(outlets: Outlet[], wanted: string): Outlet[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean)
  return words.length ? outlets.filter(({ path, label, device }) => words.every((word) => `${path} ${label ?? ''} ${findDevice(device)?.label ?? ''}`.toLowerCase().includes(word))) : outlets
}

/** The usual three are large; the others stand below. */
const USUAL: Action[] = ['on', 'off', 'reboot']

interface ButtonsProps {
  count: number
  /** Only outputs have a pulse. */
  hasOutput: boolean
  /** Of one of them at least a level can be set. */
  hasLevel: boolean
  isAdministrator: boolean
  onAction: (action: Action) => void
}

function ActionButtons({ count, hasOutput, hasLevel, isAdministrator, onAction }: ButtonsProps) {
  const hidden = (one: Action) => USUAL.includes(one) || (one === 'reset-energy' && !isAdministrator) || (one === 'pulse' && !hasOutput) || (one === 'set' && !hasLevel)
  const button = (action: Action) => (
    <button key={action} type="button" disabled={!count} onClick={() => onAction(action)}>{t.control.action[action]}</button>
  )
  return (
    <div class="deeds" role="group" aria-label={t.control.what}>
      <div class="usual">{USUAL.map(button)}</div>
      <div class="seldom">{ACTIONS.filter((one) => !hidden(one)).map(button)}</div>
    </div>
  )
}

/** Where the slider begins: at what the first of them has. */
function levelNow(targets: string[], outlets: Outlet[]): number | null {
  for (const { path, level } of outlets) {
    if (!level || !targets.includes(path)) continue
    const value = values.get(level.path) ?? level
    if (known(value)) return value.value
  }
  return null
}

function Switch({ search }: { search: string }) {
  const { outlets, groups, failure } = useOutlets()
  const who = useCell(session)
  const list = useCell(commands)
  useUnpowered(null, UNPOWERED_MS)
  const { targets, action, number } = parseControl(search)
  const [wanted, setWanted] = useState('')
  const may = mayAs(who, 'control')
  const words = t.control
  const select = (next: string[]) => go(printControl({ targets: next, action: null }), 'replace')
  if (failure && !outlets) return <p class="reason" role="alert">{words.failed} {failure}</p>
  if (!outlets) return <p class="loading" role="status">{t.app.loading}</p>
  if (!outlets.length) return <Empty part title={words.none} text={words.noneText}><WayOut to="/settings/devices" words={t.overview.toDevices} /></Empty>
  const found = outlets.length > MANY ? fitting(outlets, wanted) : outlets
  return (
    <>
      {!may && <p class="reason">{words.needControl} <a href={signInAddress(address())}>{t.head.signIn}</a></p>}
      <Running may={may} />
      <div class={may ? 'control-body' : 'control-body look'}>
        <div class="strips">
          <Budgets />
          {outlets.length > MANY && (
            <p class="outlet-search">
              <input type="search" aria-label={words.find} placeholder={words.findPlaceholder} autocomplete="off" spellcheck={false} value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
              <span class="quiet-word" role="status">{wanted.trim() && words.found(found.length, outlets.length)}</span>
            </p>
          )}
          <Strips outlets={found} groups={groups} targets={may ? targets : []} steps={openSteps(list)} may={may} narrowed={found.length < outlets.length} onTargets={select} />
        </div>
        {may && (
          <aside class={targets.length ? 'panel deed' : 'panel deed idle'} aria-label={words.selected(targets.length)}>
            {action
              ? <PlanPanel key={[action, ...targets].join()} targets={targets} action={action} number={number} onNumber={(next) => go(printControl({ targets, action, number: next }), 'replace')} onDone={() => select([])} onBack={() => select(targets)} />
              : <>
                  <div class="panel-head">
                    <h2><span role="status">{words.selected(targets.length)}</span></h2>
                    <span class="spring" />
                    {targets.length > 0 && <button type="button" class="quiet small" onClick={() => select([])}>{words.clear}</button>}
                  </div>
                  <ActionButtons count={targets.length} hasOutput={outlets.some((one) => one.kind === 'output' && targets.includes(one.path))} hasLevel={outlets.some((one) => one.level && targets.includes(one.path))}
                    isAdministrator={mayAs(who, 'administrator')} onAction={(next) => go(printControl({ targets, action: next, number: levelNow(targets, outlets) }))} />
                  {!targets.length && <p class="quiet-word">{words.choose}</p>}
                </>}
          </aside>
        )}
      </div>
    </>
  )
}

function Tabs({ section }: { section: string }) {
  const who = useCell(session)
  return (
    <nav class="tabs" aria-label={t.control.sections}>
      {Object.entries(t.control.tabs).filter(([name]) => name !== 'settings' || mayAs(who, 'control')).map(([name, words]) => (
        <a key={name} href={name ? `/control/${name}` : '/control'} aria-current={name === section ? 'page' : undefined}>{words}</a>
      ))}
    </nav>
  )
}

function Section({ section, search }: { section: string; search: string }) {
  switch (section) {
    case 'groups': return <Groups search={search} />
    case 'interlocks': return <Interlocks search={search} />
    case 'schedules': return <Schedules search={search} />
    case 'settings': return <OutletSettings search={search} />
    default: return <Switch search={search} />
  }
}

export function ControlPage({ section, search }: { section: string; search: string }) {
  return (
    <div class="control">
      <div class="title-row">
        <h1>{t.control.title}</h1>
        <Tabs section={section} />
      </div>
      <Section section={section} search={search} />
    </div>
  )
}
