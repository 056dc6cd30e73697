// The lamps of the unit, as on its front: power, bus receive, bus transmit, link.
import type { LampStates } from '../../model/lamps'
import { t } from '../../text'

export function Lamps({ states }: { states: LampStates }) {
  const { lamps, lampState } = t.doctor
  return (
    <ul class="lamps" aria-label={lamps.label}>
      {(['power', 'receive', 'transmit', 'link'] as const).map((lamp) => (
        <li key={lamp} class={`lamp ${states[lamp]}`} data-lamp={lamp}>
          <span class="bulb" aria-hidden="true" />
          <span>{lamps[lamp]}</span>
          <span class="lamp-state">{lampState[states[lamp]]}</span>
        </li>
      ))}
    </ul>
  )
}
