// The head of every page: which unit, where, its time, who looks, how many problems.
import { useLost } from '../api/live'
import { useCell } from '../base/cell'
import { useNow } from '../base/clock'
import { clock, date } from '../format/time'
import { session, signOut } from '../model/session'
import { site } from '../model/site'
import { address, go, route, signInAddress } from '../route/route'
import { t } from '../text'
import { Icon } from './icons'
import { AlarmCount } from './alarm-count'
import { signedOut } from './start'
import { useProblems } from './use-problems'

/** A time that nobody set is not shown: it would be believed. */
function UnitTime({ zone, known }: { zone: string; known: boolean }) {
  const now = useNow()
  if (!known) return <span class="unit-time amber-word">{t.head.clockUnknown}</span>
  const day = date(now, zone)
  return (
    <span class="unit-time" data-why={`${t.head.unitTime}, ${zone}`}>
      <span class="hidden">{t.head.unitTime} </span>
      <time dateTime={new Date(now).toISOString()}><span class="day">{day} </span>{clock(now, zone)}</time>
    </span>
  )
}

/** Red only for what needs somebody now; old values and limits of the unit are amber. */
function ProblemCount() {
  const problems = useProblems()
  const lost = useLost()
  const count = problems.length
  if (lost) {
    return (
      <a class="count some" href="/#problems" aria-label={t.contact.noneLink} data-count={count}>
        <span class="shape" aria-hidden="true">◆</span><span class="words">{t.contact.none}</span>
      </a>
    )
  }
  const grave = problems.some((problem) => problem.harm !== 'stale' && problem.harm !== 'health')
  return (
    <a class={`count ${count ? (grave ? 'grave' : 'some') : 'none'}`} href="/#problems" aria-label={t.head.problemsLink(count)}
      data-count={count}>
      <span class="shape" aria-hidden="true">{count ? '◆' : '✓'}</span>
      <span class="number">{count || ''}</span><span class="words"> {t.head.problems(count).replace(/^\d+ /, '')}</span>
    </a>
  )
}

/** The page forgets everything, whether or not the unit has heard of it. */
async function leave(): Promise<void> {
  await signOut().catch(() => {})
  signedOut()
  go('/sign-in')
}

function Who() {
  const who = useCell(session)
  useCell(route)
  if (!who) return null
  if (!who.user) return <a class="button quiet" href={signInAddress(address())}>{t.head.signIn}</a>
  const role = t.role[who.role ?? ''] ?? who.role ?? ''
  return (
    <span class="who">
      <a class="person" href="/account" aria-label={t.account.link(who.user, role)} data-why={t.head.signedInAs(who.user, role)}>
        <Icon name="user" /><span class="names"><b>{who.user}</b> <span class="role">{role}</span></span>
      </a>
      <button type="button" class="quiet" onClick={() => void leave()}>{t.head.signOut}</button>
    </span>
  )
}

export function Head({ onSearch }: { onSearch: () => void }) {
  const here = useCell(site)
  return (
    <header class="head" aria-label={t.head.label}>
      <a class="name" href="/"><Logo /><b>{here?.name ?? t.app.name}</b></a>
      {here?.address && <span class="address">{here.address}</span>}
      {here && <UnitTime zone={here.time_zone} known={here.clock_known} />}
      <span class="spring" />
      {here && <span class="counts"><AlarmCount /><ProblemCount /></span>}
      <button type="button" class="search-open quiet" onClick={onSearch} aria-keyshortcuts="/" aria-label={t.search.label}>
        <Icon name="search" /><span class="words">{t.nav.search}</span><kbd>/</kbd>
      </button>
      <Who />
    </header>
  )
}

function Logo() {
  return (
    <svg class="logo" viewBox="0 0 22 20" aria-hidden="true">
      <path class="bar" d="M2 4h18" /><path class="taps" d="M6 4v7M11 4v13M16 4v10" />
    </svg>
  )
}
