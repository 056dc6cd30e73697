// Outlets in the order in which they stand on the unit: state as shape, load as a bar, name below.
import type { Component, Device, Value } from '../api/types'
import { plainValue, why } from '../format/value'
import { componentName } from '../model/names'
import { componentsOf, pointOf } from '../model/site'
import { ageOf, useValues } from '../model/values'
import { t } from '../text'
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
  const found = useValues(outlets.map((outlet) => pointOf(outlet, 'state')?.path ?? ''))
  const states = found.map(outletState)
  const on = states.filter((state) => state === 'on').length
  const unknown = states.filter((state) => state === 'unknown').length
  const words = t.overview.outlets(on, outlets.length) + (unknown ? `, ${t.overview.unknownOutlets(unknown)}` : '')
  return (
    <span class="dots" role="img" aria-label={words}>
      {states.map((state, at) => (
        <span key={outlets[at]!.name} class={`dot ${state}${found[at]?.quality === 'stale' ? ' stale' : ''}`} />
      ))}
    </span>
  )
}

/** A link to its row in the table below. */
function Outlet({ outlet }: { outlet: Component }) {
  const statePoint = pointOf(outlet, 'state')
  const currentPoint = pointOf(outlet, 'current')
  const [stateValue, current] = useValues([statePoint?.path ?? '', currentPoint?.path ?? ''])
  const state = outletState(stateValue)
  const load = plainValue(current, 1)
  const stale = stateValue?.quality === 'stale' || current?.quality === 'stale'
  const amps = typeof current?.value === 'number' && current.quality !== 'bad' ? current.value : null
  const share = amps === null ? null : percentOf(amps, outlet.rated_current)
  const stateWord = state === 'unknown' ? t.device.stateUnknown : stateValue?.text ?? state
  const reason = why(stateValue, ageOf(stateValue)) ?? why(current, ageOf(current))
  const text = t.device.outlet(outlet.number ?? 0, componentName(outlet), stateWord, load)
  return (
    <li class={`outlet ${state}${stale ? ' stale' : ''}`}>
      <a href={`#${outlet.name}`} data-why={[text, reason].filter(Boolean).join('. ')}>
        <span class="outlet-number"><span class="hidden">{t.kind.outlet} </span>{outlet.number}<span class="hidden">, {stateWord}, </span></span>
        <span class="socket" aria-hidden="true"><span class="pins" /></span>
        <span class={share === null ? 'bar upright unknown' : 'bar upright'} aria-hidden="true">
          <span class="fill" style={{ blockSize: `${(share ?? 0).toFixed(1)}%` }} />
        </span>
        <span class="outlet-load">{load}</span>
        <span class="outlet-name">{outlet.label ?? ''}</span>
      </a>
    </li>
  )
}

export function OutletStrip({ device }: { device: Device }) {
  const outlets = outletsOf(device)
  return (
    <ol class="outlets" aria-label={t.device.outletStrip}>
      {outlets.map((outlet) => <Outlet key={outlet.name} outlet={outlet} />)}
    </ol>
  )
}
