// Is anything wrong: nothing, or what, where, since when, in order of harm: alarms first, then what the unit itself finds.
import { useState } from 'preact/hooks'
import { useLost } from '../../api/live'
import type { AlarmCounts } from '../../api/alarms'
import type { Site } from '../../api/types'
import { useCell } from '../../base/cell'
import { unitNow } from '../../base/clock'
import { moment } from '../../format/time'
import { alarms } from '../../model/alarms'
import type { Problem } from '../../model/problems'
import { AlarmRows } from '../../parts/alarm-row'
import { useProblems } from '../../shell/use-problems'
import { t } from '../../text'

/** More than these push the diagram off the first screen. */
const FIRST = 4
/** More are looked through on the page of alarms. */
const MOST = 30

const loudCount = ({ silent: _, ...loud }: AlarmCounts) => Object.values(loud).reduce((sum, count) => sum + count, 0)

function Row({ problem, zone }: { problem: Problem; zone: string }) {
  return (
    <li class={`problem ${problem.harm}`}>
      <span class="harm"><span class="shape" aria-hidden="true" />{t.problem.harm[problem.harm]}</span>
      <span class="sentence">{problem.harm !== 'health' && <a href={problem.href}>{problem.subject}</a>} {problem.sentence}</span>
      {problem.since !== null && <span class="since">{t.problem.since(moment(problem.since, unitNow(), zone))}</span>}
    </li>
  )
}

/** Without contact nobody can say that nothing is wrong. */
function Fine({ answering }: { answering: number }) {
  return useLost()
    ? <p class="fine"><b>{t.problem.noneWas}</b> {t.problem.noneWasText}</p>
    : <p class="fine"><span class="shape" aria-hidden="true">✓</span><b>{t.problem.none}</b> {t.problem.noneText(answering)}</p>
}

export function ProblemStrip({ site }: { site: Site }) {
  const known = useCell(alarms)
  const loud = known?.active.filter((one) => !one.silent) ?? []
  // A device whose lost contact is an alarm is not told twice.
  const problems = useProblems().filter((problem) => problem.harm !== 'silent' || !loud.some(({ path }) => path === problem.subject))
  const [all, setAll] = useState(false)
  const rows = all ? loud : loud.slice(0, FIRST)
  const shown = all ? problems : problems.slice(0, Math.max(0, FIRST - rows.length))
  // Of a storm not all are kept here; the counts tell of all.
  const calls = known?.more ? Math.max(loud.length, loudCount(known.counts)) : loud.length
  const hidden = calls - rows.length + problems.length - shown.length
  const count = loud.length + problems.length
  const answering = site.devices.filter((device) => device.state === 'online').length
  return (
    <section id="problems" class={count ? 'problems some' : 'problems'} aria-label={t.problem.label} aria-live="polite"
      aria-relevant="additions removals">
      <AlarmRows compact alarms={rows} label={t.alarms.list} />
      {count === 0 && <Fine answering={answering} />}
      {shown.length > 0 && <ul class="problem-rows">{shown.map((problem) => <Row key={problem.key} problem={problem} zone={site.time_zone} />)}</ul>}
      {hidden > MOST && <p><a href="/alarms">{t.problem.more(hidden)}</a></p>}
      {hidden > 0 && hidden <= MOST && <button type="button" class="quiet" onClick={() => setAll(true)}>{t.problem.more(hidden)}</button>}
    </section>
  )
}
