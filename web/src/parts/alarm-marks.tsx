// The state of an alarm as shape, colour and word, wherever it stands.
import type { Alarm, AlarmState } from '../api/alarms'
import { useAlarmAt } from '../model/alarms'
import { t } from '../text'

/** A rising edge while pending, a full diamond when tripped, one with a tick when seen, a dashed ring when it cannot be told. */
export function AlarmShape({ state }: { state: AlarmState }) {
  return (
    <svg class={`alarm-shape ${state}`} viewBox="0 0 14 14" aria-hidden="true">
      {state === 'normal' && <circle cx="7" cy="7" r="4" />}
      {state === 'pending' && <><path d="M7 1.5 12.5 7 7 12.5 1.5 7z" /><path class="half" d="M7 1.5 12.5 7 7 12.500z" /></>}
      {state === 'tripped' && <path class="full" d="M7 .5 13.5 7 7 13.5.5 7z" />}
      {state === 'acknowledged' && <><path d="M7 1 13 7 7 13 1 7z" /><path class="tick" d="M4.5 7.2 6.4 9 9.6 5.2" /></>}
      {state === 'lost' && <circle class="dashed" cx="7" cy="7" r="5" />}
    </svg>
  )
}

export function AlarmWord({ alarm }: { alarm: Alarm }) {
  return (
    <span class={`alarm-word ${alarm.state}`} data-why={t.alarms.stateWhy[alarm.state]}>
      <AlarmShape state={alarm.state} />{t.alarms.state[alarm.state]}
    </span>
  )
}

/** Beside a figure or a name: the worst alarm there; nothing when all is well. */
export function AlarmMark({ path }: { path: string | undefined }) {
  const alarm = useAlarmAt(path)
  if (!alarm) return null
  const words = t.alarms.mark(t.alarms.state[alarm.state]!, alarm.label, alarm.text)
  return <span class="alarm-mark" data-why={words}><AlarmShape state={alarm.state} /><span class="hidden">{words}</span></span>
}
