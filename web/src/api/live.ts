// The one live stream of this tab: opened while the page is looked at, closed while it sleeps.
import { Cell, useCell } from '../base/cell'
import { learnTime, unitNow } from '../base/clock'
import { heardAlarms, lookAtAlarms } from '../model/alarms'
import { heard, lookAgain } from '../model/switching'
import { values } from '../model/values'
import { apiAddress, ask } from './http'
import { gather, liveAddress, lost, parseValues, retryDelay, sentAt, slept, type Contact } from './stream'
import type { AlarmNews } from './alarms'
import type { CommandNews } from './switching'
import type { Value } from './types'

/** The screen changes at most four times a second. */
const INTERVAL_MS = 250
/** A hidden tab keeps its stream this long, so that a glance elsewhere costs nothing. Not longer: a browser opens six
 * connections to a host, and six tabs that keep one each would leave a seventh without any. */
const HIDDEN_MS = 3_000
const BEAT_MS = 2_000
/** Silence after which the server is asked whether it is still there. */
const QUIET_MS = 20_000

/** Id of the newest event of the event log, when the stream tells of one; a new number after each break. */
export const newestEvent = new Cell(0)

export const contact = new Cell<Contact>({ state: 'connecting' })

/** Whether what is on the screen is the last known, not what is. */
export function useLost(): boolean {
  return useCell(contact).state === 'lost'
}

let source: EventSource | null = null
let lastId: string | null = null
let lastSign = Date.now()
let lastBeat = Date.now()
let attempt = 0
let retryTimer = 0
let hiddenTimer = 0
let started = false
let onSite: () => void = () => {}

const waiting = new Map<string, Value>()
let drawTimer = 0
let lastDraw = 0

/** Any sign of life. */
function sign(): void {
  lastSign = Date.now()
  attempt = 0
  const before = contact.get().state
  if (before === 'live') return
  contact.set({ state: 'live' })
  // The tree may have changed while nobody listened.
  if (before === 'lost') onSite()
}

/** Gathers events that come faster than the screen may change. */
function draw(): void {
  drawTimer = 0
  lastDraw = performance.now()
  const batch = [...waiting.values()]
  waiting.clear()
  if (batch.length) values.merge(batch)
}

/** Gathered, so that a burst of events is one drawing. */
function onPoints(event: MessageEvent<string>): void {
  const next = note(event)
  gather(waiting, next)
  if (!drawTimer) {
    const wait = Math.max(0, INTERVAL_MS - (performance.now() - lastDraw))
    drawTimer = window.setTimeout(draw, wait)
  }
}

/** Reads an event and what it says about the stream itself: its id, the unit's time. */
function note(event: MessageEvent<string>): Value[] {
  if (event.lastEventId) lastId = event.lastEventId
  const next = parseValues(event.data)
  const sent = sentAt(next)
  if (sent !== null) learnTime(sent)
  sign()
  return next
}

function open(): void {
  window.clearTimeout(retryTimer)
  close()
  source = new EventSource(liveAddress(apiAddress(''), INTERVAL_MS, lastId))
  source.addEventListener('open', sign)
  source.addEventListener('snapshot', (event) => {
    waiting.clear()
    values.replace(note(event))
    // Nothing is known of what happened before this stream: whoever shows events looks again.
    newestEvent.set(-Date.now())
    void lookAgain()
    lookAtAlarms()
  })
  source.addEventListener('points', onPoints)
  source.addEventListener('events', (event: MessageEvent<string>) => {
    if (event.lastEventId) lastId = event.lastEventId
    sign()
    newestEvent.set((JSON.parse(event.data) as { last: number }).last)
  })
  source.addEventListener('commands', (event: MessageEvent<string>) => {
    if (event.lastEventId) lastId = event.lastEventId
    sign()
    const { commands, more } = JSON.parse(event.data) as { commands: CommandNews[]; more: boolean }
    heard(commands, more)
  })
  source.addEventListener('alarm', (event: MessageEvent<string>) => {
    if (event.lastEventId) lastId = event.lastEventId
    sign()
    heardAlarms(JSON.parse(event.data) as AlarmNews)
  })
  source.addEventListener('site', (event) => {
    note(event)
    onSite()
  })
  source.addEventListener('error', onBreak)
}

/** The browser's own retry does not survive a refusal, and its pace is not ours: always open anew. */
function onBreak(): void {
  close()
  const now = unitNow()
  contact.set(lost(contact.get(), now - (Date.now() - lastSign)))
  // The stream does not say why it was refused; a plain request does, and ends an expired session.
  if (attempt === 2) void ask('/site').catch(() => {})
  window.clearTimeout(retryTimer)
  retryTimer = window.setTimeout(open, retryDelay(attempt++))
}

function close(): void {
  source?.close()
  source = null
}

/** Looked at again, or on the network again: what is on the screen is old until the stream says otherwise. */
function wake(): void {
  window.clearTimeout(hiddenTimer)
  hiddenTimer = 0
  if (!started || source) return
  if (contact.get().state !== 'connecting') contact.set(lost(contact.get(), unitNow() - (Date.now() - lastSign)))
  attempt = 0
  open()
}

/** A week of a sleeping tab costs nothing: its stream is closed. */
function onVisibility(): void {
  if (!document.hidden) wake()
  else if (!hiddenTimer) hiddenTimer = window.setTimeout(close, HIDDEN_MS)
}

/** Finds a machine that slept and a connection that died without a word. */
async function beat(): Promise<void> {
  const now = Date.now()
  const asleep = slept(lastBeat, now, BEAT_MS)
  lastBeat = now
  if (!started || document.hidden) return
  if (asleep) {
    close()
    wake()
  } else if (source && now - lastSign > QUIET_MS) {
    lastSign = now - QUIET_MS / 2 // ask again only after half the time
    try {
      await ask('/health', { signal: AbortSignal.timeout(5000) })
    } catch {
      onBreak()
    }
  }
}

/** `siteChanged` is called when the tree changed and after every break. */
export function startLive(siteChanged: () => void): void {
  onSite = siteChanged
  if (started) return
  started = true
  lastSign = Date.now()
  if (!document.hidden) open() // else when the tab is looked at
}

/** Signed out: nothing more is asked. */
export function stopLive(): void {
  started = false
  window.clearTimeout(retryTimer)
  close()
}

/** Once, when the page starts. */
export function watchSleep(): void {
  document.addEventListener('visibilitychange', onVisibility)
  window.addEventListener('online', wake)
  window.addEventListener('pagehide', close)
  window.addEventListener('pageshow', (event) => event.persisted && wake())
  window.setInterval(() => void beat(), BEAT_MS)
}
