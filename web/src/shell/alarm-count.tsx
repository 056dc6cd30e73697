// How many alarms there are: at the head of every page and in its title.
import { useLost } from '../api/live'
import { useCell } from '../base/cell'
import { alarms, calling, NO_COUNTS } from '../model/alarms'
import { t } from '../text'
import { Icon } from './icons'

/** Tripped, seen or not; what is pending, lost or silent is none yet, or none of anybody's. */
export function useAlarmCount(): number {
  const counts = useCell(alarms)?.counts ?? NO_COUNTS
  return calling(counts) + counts.acknowledged
}

/** Red and filled while somebody has to look, hollow when somebody has. */
export function AlarmCount() {
  const all = useCell(alarms)
  const count = useAlarmCount()
  const lost = useLost()
  // Without rules there is nothing to count; without contact nobody knows.
  if (!all || !all.total || lost) return null
  const { counts } = all
  const now = calling(counts)
  const why = t.alarms.countsWhy(now, counts.acknowledged, counts.lost, counts.pending, counts.silent)
  const level = now ? 'grave' : count ? 'seen' : counts.lost || counts.pending ? 'some' : 'none'
  const said = count ? t.alarms.count(count) : counts.lost ? t.alarms.lost(counts.lost) : counts.pending ? t.alarms.pending(counts.pending) : t.alarms.count(0)
  return (
    <a class={`count alarm-count ${level}`} href="/alarms" aria-label={t.alarms.countLink(said, why)} data-why={why} data-count={count}>
      <Icon name="alarms" />
      <span class="number">{/^[\d\u202f]+/.exec(said)?.[0]}</span><span class="words"> {said.replace(/^[\d\u202f]+ /, '')}</span>
    </a>
  )
}
