// The outlets of each unit in the order in which they stand on it, and the groups above them.
import type { Group, Outlet, Step } from '../../api/switching'
import { findDevice } from '../../model/site'
import { toggled } from '../../route/control-state'
import { t } from '../../text'
import { Tile } from './tile'

export interface StripsProps {
  outlets: Outlet[]
  groups: Group[]
  targets: string[]
  steps: Map<string, { step: Step }>
  may: boolean
  /** Not all outlets of a device are here: “all” would promise too much. */
  narrowed: boolean
  onTargets: (targets: string[]) => void
}

function groupPath(group: Group): string {
  return `group/${group.name}`
}

function Groups({ groups, targets, may, onTargets }: Pick<StripsProps, 'groups' | 'targets' | 'may' | 'onTargets'>) {
  if (!groups.length) return null
  return (
    <section class="group-row" aria-label={t.control.groups}>
      <h2>{t.control.groups}</h2>
      <div class="chips">
        {groups.map((group) => {
          const path = groupPath(group)
          const chosen = targets.includes(path)
          return (
            <button key={path} type="button" aria-pressed={chosen} disabled={!may || !group.outlets.length} onClick={() => onTargets(toggled(targets, [path], !chosen))}>
              {t.control.group(group.values.label || group.name, group.outlets.length)}
            </button>
          )
        })}
      </div>
    </section>
  )
}

function Strip({ name, outlets, members, props }: { name: string; outlets: Outlet[]; members: Set<string>; props: StripsProps }) {
  const { targets, steps, may, onTargets } = props
  const free = outlets.filter((one) => one.may && !one.locked && !members.has(one.path)).map((one) => one.path)
  const all = free.length > 0 && free.every((path) => targets.includes(path))
  const device = findDevice(name)
  return (
    <section class="panel strip-panel" aria-label={t.control.strip(name)}>
      <div class="panel-head">
        <h2><a href={`/device/${encodeURIComponent(name)}`}>{name}</a> {device?.label && <span class="quiet-word">{device.label}</span>}</h2>
        <span class="spring" />
        {may && free.length > 0 && (
          <button type="button" class="quiet small" aria-pressed={all} onClick={() => onTargets(toggled(targets, free, !all))}>{props.narrowed ? t.control.selectShown(free.length, name) : t.control.selectAll(name)}</button>
        )}
      </div>
      <ol class="tiles">
        {outlets.map((outlet) => (
          <Tile key={outlet.path} outlet={outlet} step={steps.get(outlet.path)?.step} selected={targets.includes(outlet.path)} member={members.has(outlet.path)}
            may={may} onToggle={(path, into) => onTargets(toggled(targets, [path], into))} />
        ))}
      </ol>
    </section>
  )
}

export function Strips(props: StripsProps) {
  const members = new Set(props.groups.filter((group) => props.targets.includes(groupPath(group))).flatMap((group) => group.outlets))
  const devices = [...new Set(props.outlets.map((one) => one.device))]
  return (
    <>
      <Groups {...props} />
      {devices.map((name) => <Strip key={name} name={name} outlets={props.outlets.filter((one) => one.device === name)} members={members} props={props} />)}
    </>
  )
}
