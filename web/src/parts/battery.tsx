// A battery as what people ask of it: how full, how long, in which direction.
import type { Component, Value } from '../api/types'
import { number } from '../format/number'
import { span } from '../format/time'
import { known } from '../format/value'
import { pointOf } from '../model/site'
import { useValues } from '../model/values'
import { t } from '../text'

export type Flow = 'in' | 'out' | 'none' | 'unknown'

/** From the word of the charger; the sign of a current means different things to different makers. */
export function flowOf(charging: Value | undefined): Flow {
  if (!charging || charging.quality === 'bad' || charging.quality === 'absent' || charging.value === null) return 'unknown'
  const word = (charging.text ?? '').toLowerCase()
  if (/discharg/.test(word)) return 'out'
  if (/charg|bulk|boost|absor|float|equal/.test(word) && !/not |no |off/.test(word)) return 'in'
  return 'none'
}

/** The charger's own word before ours. */
export function flowWord(flow: Flow, charging: Value | undefined): string {
  if (charging?.text) return charging.text
  return flow === 'in' ? t.overview.charging : flow === 'out' ? t.overview.discharging : t.overview.resting
}

/** What is known of a battery, live. */
export function useBattery(battery: Component) {
  const [charge, runtime, charging] = useValues(
    ['charge', 'runtime', 'charging'].map((quantity) => pointOf(battery, quantity)?.path ?? ''))
  return { charge, runtime, charging, flow: flowOf(charging) }
}

export function BatteryPicture({ battery }: { battery: Component }) {
  const { charge, runtime, charging, flow } = useBattery(battery)
  const percent = known(charge) ? charge.value : null
  const stale = charge?.quality === 'stale'
  return (
    <div class={`battery${stale ? ' stale' : ''}`}>
      <div class={percent === null ? 'cell unknown' : 'cell'} aria-hidden="true">
        <span class="fill" style={{ inlineSize: `${(percent ?? 0).toFixed(1)}%` }} />
      </div>
      <p class="battery-words">
        <b>{percent === null ? t.value.none : `${number(percent, 0)}\u202f%`}</b>
        {known(runtime) && <span>{t.overview.left(span(runtime.value * 1000))}</span>}
        {flow !== 'unknown' && <span class="flow-word">{flowWord(flow, charging)}</span>}
      </p>
    </div>
  )
}
