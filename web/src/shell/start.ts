// From an empty page to live figures: who looks, may they, the site, the stream.
import { sentence, ask, Problem } from '../api/http'
import { startLive, stopLive } from '../api/live'
import type { Session, Site } from '../api/types'
import { Cell } from '../base/cell'
import { learnTime } from '../base/clock'
import { parseTime } from '../format/time'
import { forgetAlarms } from '../model/alarms'
import { homeOf } from '../model/layout'
import { loadHealth, loadSession, mayView, session } from '../model/session'
import { site } from '../model/site'
import { shaped } from '../model/site-shape'
import { address, go, route, signInAddress } from '../route/route'

export const loadFailure = new Cell<string | null>(null)

const HEALTH_MS = 30_000

/** Reads the tree; the stream is opened after the first success. */
export async function reloadSite(): Promise<void> {
  try {
    const next = await ask<Site>('/site')
    const time = parseTime(next.time)
    if (time !== null) learnTime(time)
    site.set(shaped(next))
    loadFailure.set(null)
    startLive(() => void reloadSite())
  } catch (cause) {
    if (cause instanceof Problem && cause.status === 401) return
    loadFailure.set(sentence(cause))
    // Without a first answer there is no stream whose retry would bring the page back.
    if (!site.get()) window.setTimeout(() => site.get() || void reloadSite(), 5000)
  }
}

/** Somebody may look now: read the site, unless it is there already. */
export async function enter(who: Session): Promise<void> {
  if (!mayView(who)) {
    if (route.get().page !== 'sign-in') go(signInAddress(address()), 'replace')
    return
  }
  void loadHealth()
  await reloadSite()
}

/** The session ended, by us or by the unit: nothing of it stays on the screen. */
export function signedOut(): void {
  stopLive()
  site.set(null)
  forgetAlarms()
  const before = session.get()
  if (before?.user) session.set({ ...before, user: null, role: null, csrf: null })
  if (route.get().page !== 'sign-in') go(signInAddress(address()), 'replace')
}

async function begin(): Promise<void> {
  try {
    const who = await loadSession()
    // Opened at its root, the page begins where this role works.
    if (address() === '/' && !location.hash && mayView(who) && homeOf(who) !== '/') go(homeOf(who), 'replace')
    await enter(who)
  } catch (cause) {
    loadFailure.set(sentence(cause))
    window.setTimeout(() => void begin(), 5000)
  }
}

/** Once, when the page starts. */
export function start(): void {
  void begin()
  window.setInterval(() => {
    if (!document.hidden && mayView(session.get())) void loadHealth()
  }, HEALTH_MS)
}
