// One outlet on the control page: state as a shape, load, name, what is pending there, and the box that selects it.
import type { Outlet, Step } from '../../api/switching'
import { plainValue, why } from '../../format/value'
import { useCell } from '../../base/cell'
import { unpowered } from '../../model/powered'
import { ageOf, useValues } from '../../model/values'
import { AlarmMark } from '../../parts/alarm-marks'
import { outletState, Pending } from '../../parts/outlet-strip'
import { t } from '../../text'

export interface TileProps {
  outlet: Outlet
  step: Step | undefined
  selected: boolean
  /** Selected through its group. */
  member: boolean
  may: boolean
  onToggle: (path: string, into: boolean) => void
}

function Marks({ outlet }: { outlet: Outlet }) {
  const words = t.control
  return (
    <>
      {outlet.locked && <span class="tile-mark" data-why={words.lockedWhy}>{words.locked}</span>}
      {outlet.critical && !outlet.locked && <span class="tile-mark" data-why={words.criticalMark}><span aria-hidden="true">◆</span><span class="hidden">{words.criticalMark}</span></span>}
      {!outlet.switchable && <span class="tile-mark" data-why={words.readOnlyWhy}>{words.readOnly}</span>}
    </>
  )
}

export function Tile({ outlet, step, selected, member, may, onToggle }: TileProps) {
  const [state, current, level] = useValues([`${outlet.path}/state`, `${outlet.path}/current`, outlet.level?.path ?? ''])
  // Outputs have words of their own; 1 is on whatever it is called.
  const known = state?.quality === 'good' || state?.quality === 'stale'
  const shape = outlet.looks && known ? (state?.value === 1 ? 'on' : state?.value === 0 ? 'off' : 'unknown') : outletState(state)
  const colour = shape === 'unknown' ? 'neutral' : outlet.looks?.[shape].colour ?? 'neutral'
  const stale = state?.quality === 'stale'
  const word = shape === 'unknown' ? t.control.unknown : state?.text ?? shape
  const number = outlet.component.replace(/^\D+/, '')
  const reason = why(state, ageOf(state))
  const can = may && outlet.may && !outlet.locked
  const noPower = useCell(unpowered).get(outlet.path)
  const dead = shape === 'on' ? noPower : undefined
  const classes = ['tile', 'outlet', shape, dead !== undefined && 'dead', stale && 'stale', step && 'pending', (selected || member) && 'chosen'].filter(Boolean).join(' ')
  return (
    <li class={classes} data-path={outlet.path}>
      <label data-why={dead || (reason ?? undefined)}>
        <input type="checkbox" checked={selected || member} disabled={!can || member} aria-label={`${number}, ${outlet.label}, ${dead === undefined ? word : t.device.onWithout(word)}`}
          onChange={(event) => onToggle(outlet.path, event.currentTarget.checked)} />
        <span class="outlet-number" aria-hidden="true">{number}</span>
        <span class={`socket colour-${colour}`} aria-hidden="true"><span class="pins" /></span>
        {step
          ? <span class="tile-pending"><Pending step={step} /></span>
          : dead !== undefined ? <span class="tile-pending">{t.control.noPower}</span>
          : <><span class="tile-state">{word}</span><span class="outlet-load">{level ? plainValue(level, 0) : current && shape !== 'unknown' ? plainValue(current, 1) : ''}</span></>}
        <span class="outlet-name">{outlet.label}</span>
        <span class="tile-foot"><AlarmMark path={outlet.path} /><Marks outlet={outlet} /></span>
      </label>
      {outlet.url && <a class="tile-link" href={outlet.url} target="_blank" rel="noreferrer" aria-label={t.control.equipment(outlet.label)}>↗</a>}
    </li>
  )
}
