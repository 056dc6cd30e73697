// The shapes that say a state: never a colour alone.
import type { DeviceState } from '../api/types'
import { t } from '../text'

/** Solid online, half starting, dashed silent, hollow disabled. */
export function StateMark({ state }: { state: DeviceState | string }) {
  return (
    <svg class={`mark ${state}`} viewBox="0 0 12 12" aria-hidden="true">
      {state === 'starting' && <path class="half" d="M6 1.5a4.5 4.5 0 0 1 0 9z" />}
      <circle cx="6" cy="6" r="4.5" />
      {state === 'silent' && <path class="cross" d="M4 4l4 4M8 4l-4 4" />}
    </svg>
  )
}

export function StateWord({ state }: { state: DeviceState | string }) {
  return <span class={`state ${state}`}><StateMark state={state} />{t.deviceState[state] ?? state}</span>
}
