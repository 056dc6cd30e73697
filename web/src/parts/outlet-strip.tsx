// Outlets in the order in which they stand on the unit: state as shape, load as a bar, name below.
import type { Step } from '../api/switching'
import type { Component, Device, Value } from '../api/types'
import { useCell } from '../base/cell'
import { useNow } from '../base/clock'
import { span } from '../format/time'
import { plainValue, why } from '../format/value'
import { componentName } from '../model/names'
import { componentsOf, pointOf } from '../model/site'
import { unpowered } from '../model/powered'
import { commands, openSteps } from '../model/switching'
import { ageOf, useValues } from '../model/values'
import { t } from '../text'
import { AlarmMark } from './alarm-marks'
import { percentOf } from './bar'

export type OutletState = 'on' | 'off' | 'unknown'

/** From the word where there is one; a number other than 0 and 1 says nothing by itself. */
export function outletState(value: Value | undefined): OutletState {
  if (!value || value.quality === 'bad' || value.quality === 'absent' || value.value === null) return 'unknown'
  const word = (value.text ?? '').toLowerCase()
  if (word === 'on' || word === 'closed') return 'on'
  if (word === 'off' || word === 'open') return 'off'
  return word ? 'unknown' : value.value === 1 ? 'on' : value.value === 0 ? 'off' : 'unknown'
}

/** In the order of their numbers, as on the unit. */
export function outletsOf(device: Device): Component[] {
  return componentsOf(device, 'outlet').sort((a, b) => (a.number ?? 0) - (b.number ?? 0))
}

/** Small squares in their order: enough to see at a glance what is off. */
export function OutletDots({ outlets }: { outlets: Component[] }) {
  const dead = useCell(unpowered)
  const found = useValues(outlets.map((outlet) => pointOf(outlet, 'state')?.path ?? ''))
  const states = found.map(outletState)
  const on = states.filter((state) => state === 'on').length
  const unknown = states.filter((state) => state === 'unknown').length
  const isDead = (at: number) => states[at] === 'on' && dead.has((found[at]?.path ?? '').replace(/\/state$/, ''))
  const without = states.filter((_, at) => isDead(at)).length
  const words = [t.overview.outlets(on, outlets.length), unknown && t.overview.unknownOutlets(unknown), without && t.overview.unpoweredOutlets(without)].filter(Boolean).join(', ')
  return (
    <span class="dots" role="img" aria-label={words}>
      {states.map((state, at) => (
        <span key={outlets[at]!.name} class={`dot ${state}${found[at]?.quality === 'stale' ? ' stale' : ''}${isDead(at) ? ' dead' : ''}`} />
      ))}
    </span>
  )
}

/** A link to its row in the table below. */
function Outlet({ outlet, path, step }: { outlet: Component; path: string; step: Step | undefined }) {
  const statePoint = pointOf(outlet, 'state')
  const currentPoint = pointOf(outlet, 'current')
  const [stateValue, current] = useValues([statePoint?.path ?? '', currentPoint?.path ?? ''])
  const state = outletState(stateValue)
  const load = plainValue(current, 1)
  const stale = stateValue?.quality === 'stale' || current?.quality === 'stale'
  const amps = typeof current?.value === 'number' && current.quality !== 'bad' ? current.value : null
  const share = amps === null ? null : percentOf(amps, outlet.rated_current)
  const stateWord = state === 'unknown' ? t.device.stateUnknown : stateValue?.text ?? state
  const dead = useCell(unpowered).get(path)
  const isDead = state === 'on' && dead !== undefined
  const reason = isDead ? dead || t.control.noPower : why(stateValue, ageOf(stateValue)) ?? why(current, ageOf(current))
  const text = t.device.outlet(outlet.number ?? 0, componentName(outlet), isDead ? t.device.onWithout(stateWord) : stateWord, load)
  return (
    <li class={`outlet ${state}${stale ? ' stale' : ''}${step ? ' pending' : ''}${isDead ? ' dead' : ''}`}>
      <a href={`#${outlet.name}`} data-why={[text, reason].filter(Boolean).join('. ')}>
        <span class="outlet-number"><span class="hidden">{t.kind.outlet} </span>{outlet.number}<span class="hidden">, {isDead ? t.device.onWithout(stateWord) : stateWord}, </span> <AlarmMark path={path} /></span>
        <span class="socket" aria-hidden="true"><span class="pins" /></span>
        <span class={share === null ? 'bar upright unknown' : 'bar upright'} aria-hidden="true">
          <span class="fill" style={{ blockSize: `${(share ?? 0).toFixed(1)}%` }} />
        </span>
        <span class="outlet-load">{step ? <b class="amber-word"><Pending step={step} /></b> : isDead ? <b class="amber-word" aria-hidden="true">{t.control.noPower}</b> : load}</span>
        <span class="outlet-name">{outlet.label ?? ''}</span>
      </a>
    </li>
  )
}

/** "off in 3 s": counts down by this browser's clock. */
export function Pending({ step }: { step: Step }) {
  useNow()
  const words = t.control
  const wish = step.wish_text ?? ''
  const left = step.dueAt ? step.dueAt - Date.now() : 0
  return <>{left > 0 ? words.stepIn(wish, span(left)) : words.stepNow(wish)}</>
}

export function OutletStrip({ device }: { device: Device }) {
  const outlets = outletsOf(device)
  const steps = openSteps(useCell(commands))
  return (
    <ol class="outlets" aria-label={t.device.outletStrip}>
      {outlets.map((outlet) => <Outlet key={outlet.name} outlet={outlet} path={`${device.name}/${outlet.name}`} step={steps.get(`${device.name}/${outlet.name}`)?.step} />)}
    </ol>
  )
}
