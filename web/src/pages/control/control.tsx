// Switching: choose, look at what will happen, confirm, watch it being read back.
import type { Action } from '../../api/switching'
import { useCell } from '../../base/cell'
import { mayAs, session } from '../../model/session'
import { commands, openSteps } from '../../model/switching'
import { Empty } from '../../parts/empty'
import { ACTIONS, parseControl, printControl } from '../../route/control-state'
import { address, go, signInAddress } from '../../route/route'
import { t } from '../../text'
import { Budgets } from './budgets'
import { OutletSettings } from './outlet-settings'
import { PlanPanel } from './plan'
import { Running } from './running'
import { Schedules } from './schedules'
import { Strips } from './strips'
import { useOutlets } from './use-outlets'

/** The usual three are large; the others stand below. */
const USUAL: Action[] = ['on', 'off', 'reboot']

interface ButtonsProps {
  count: number
  /** Only outputs have a pulse. */
  hasOutput: boolean
  isAdministrator: boolean
  onAction: (action: Action) => void
}

function ActionButtons({ count, hasOutput, isAdministrator, onAction }: ButtonsProps) {
  const hidden = (one: Action) => USUAL.includes(one) || (one === 'reset-energy' && !isAdministrator) || (one === 'pulse' && !hasOutput)
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

function Switch({ search }: { search: string }) {
  const { outlets, groups, failure } = useOutlets()
  const who = useCell(session)
  const list = useCell(commands)
  const { targets, action } = parseControl(search)
  const may = mayAs(who, 'control')
  const words = t.control
  const select = (next: string[]) => go(printControl({ targets: next, action: null }), 'replace')
  if (failure && !outlets) return <p class="reason" role="alert">{words.failed} {failure}</p>
  if (!outlets) return <p class="loading" role="status">{t.app.loading}</p>
  if (!outlets.length) return <Empty title={words.none} text={words.noneText} />
  return (
    <>
      {!may && <p class="reason">{words.needControl} <a href={signInAddress(address())}>{t.head.signIn}</a></p>}
      <Running may={may} />
      <div class={may ? 'control-body' : 'control-body look'}>
        <div class="strips">
          <Budgets />
          <Strips outlets={outlets} groups={groups} targets={may ? targets : []} steps={openSteps(list)} may={may} onTargets={select} />
        </div>
        {may && (
          <aside class={targets.length ? 'panel deed' : 'panel deed idle'} aria-label={words.selected(targets.length)}>
            {action
              ? <PlanPanel key={[action, ...targets].join()} targets={targets} action={action} onDone={() => select([])} onBack={() => select(targets)} />
              : <>
                  <div class="panel-head">
                    <h2><span role="status">{words.selected(targets.length)}</span></h2>
                    <span class="spring" />
                    {targets.length > 0 && <button type="button" class="quiet small" onClick={() => select([])}>{words.clear}</button>}
                  </div>
                  <ActionButtons count={targets.length} hasOutput={outlets.some((one) => one.kind === 'output' && targets.includes(one.path))} isAdministrator={mayAs(who, 'administrator')} onAction={(next) => go(printControl({ targets, action: next }))} />
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

export function ControlPage({ section, search }: { section: string; search: string }) {
  return (
    <div class="control">
      <div class="title-row">
        <h1>{t.control.title}</h1>
        <Tabs section={section} />
      </div>
      {section === 'schedules' ? <Schedules /> : section === 'settings' ? <OutletSettings search={search} /> : <Switch search={search} />}
    </div>
  )
}
