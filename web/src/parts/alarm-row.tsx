// One alarm as people need it: what, where, value against limit, since when, who knows, and what can be done about it.
import { useRef, useState } from 'preact/hooks'
import { type Alarm, type AlarmDeed, doAlarm } from '../api/alarms'
import { sentence } from '../api/http'
import { useCell } from '../base/cell'
import { unitNow, useSlowNow } from '../base/clock'
import { useFocus } from '../base/use-focus'
import { figure } from '../format/number'
import { moment, parseTime, span } from '../format/time'
import { learnAlarm } from '../model/alarms'
import { mayAs, session } from '../model/session'
import { places, site } from '../model/site'
import { printGraph } from '../route/graph-state'
import { deviceAddress } from '../route/route'
import { t } from '../text'
import { AlarmWord } from './alarm-marks'

const DURATIONS = Object.keys(t.alarms.durations)
const USUAL_DURATION = '1 h'
const FIRST = 4

/** What may be done to it as it is now. */
export function deedsFor(alarm: Alarm): AlarmDeed[] {
  const deeds: AlarmDeed[] = []
  if (alarm.latched) deeds.push('clear')
  else if (alarm.state === 'tripped') deeds.push('acknowledge')
  if (alarm.sounding) deeds.push('mute')
  deeds.push(alarm.shelved_until ? 'unshelve' : 'shelve')
  return deeds
}

interface AskProps {
  alarm: Alarm
  deed: AlarmDeed
  onDone: () => void
}

/** Says what it does, takes a reason, and does it: nothing happens on a mis-tap. */
function AskDeed({ alarm, deed, onDone }: AskProps) {
  const words = t.alarms
  const [reason, setReason] = useState('')
  const [duration, setDuration] = useState(USUAL_DURATION)
  const [working, setWorking] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const id = `deed-${alarm.id}`
  const input = useFocus<HTMLInputElement>()
  const perform = async (event: Event) => {
    event.preventDefault()
    setWorking(true)
    setRefusal(null)
    try {
      learnAlarm(await doAlarm(alarm.id, deed, { reason: reason.trim() || undefined, duration: deed === 'shelve' ? duration : undefined }))
      onDone()
    } catch (cause) {
      setRefusal(sentence(cause))
      setWorking(false)
    }
  }
  return (
    <form class="alarm-ask" aria-label={words.of(words.deed[deed]!, alarm.label)} onSubmit={(event) => void perform(event)}>
      <p>{words.deedWhy[deed]}</p>
      {deed === 'shelve' && (
        <div class="field short">
          <label for={`${id}-long`}>{words.howLong}</label>
          <select id={`${id}-long`} value={duration} onChange={(event) => setDuration(event.currentTarget.value)}>
            {DURATIONS.map((one) => <option key={one} value={one}>{words.durations[one]}</option>)}
          </select>
        </div>
      )}
      <div class="field">
        <label for={`${id}-reason`}>{words.reason}</label>
        <input id={`${id}-reason`} maxLength={190} placeholder={words.reasonPlaceholder} autocomplete="off" ref={input} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
      </div>
      <button type="button" onClick={onDone}>{words.cancel}</button>
      <button type="submit" class="primary" disabled={working}>{words.deed[deed]}</button>
      {refusal && <p class="fault" role="alert">{refusal}</p>}
    </form>
  )
}

/** As people set it: no more decimals than it needs. */
function decimalsOf(limit: number, most: number): number {
  return Math.min((String(limit).split('.')[1] ?? '').length, Math.max(most, 3))
}

/** `17.2 A against 16 A`: for people who compare numbers. */
function Against({ alarm }: { alarm: Alarm }) {
  if (alarm.value === null) return <span class="against" />
  const value = figure(alarm.value, alarm.unit, alarm.decimals)
  if (alarm.limit === null) return <span class="against"><b class="figure">{value}</b></span>
  return <span class="against figure"><b>{value}</b> <span class="quiet-word">{t.alarms.limitIs(figure(alarm.limit, alarm.unit, decimalsOf(alarm.limit, alarm.decimals)))}</span></span>
}

/** The sentence without what stands before it already: the alarm's name and the point. */
export function restOf({ text, label, path }: Alarm): string {
  const said = text.startsWith(`${label}: `) ? text.slice(label.length + 2) : text
  return said.startsWith(`${path} `) ? said.slice(path.length + 1) : said
}

/** A link to the page of its device. */
function Where({ path }: { path: string }) {
  const device = path.split('/')[0]!
  return <a href={deviceAddress(device)}>{path}</a>
}

function Facts({ alarm, zone, now, linked }: { alarm: Alarm; zone: string; now: number; linked: boolean }) {
  const words = t.alarms
  const at = (time: string | null) => { const ms = parseTime(time); return ms === null ? null : moment(ms, now, zone) }
  const since = at(alarm.since)
  const facts = [
    since ? words.since(since) : span(alarm.since_ms),
    alarm.state === 'acknowledged' && alarm.by ? words.by(alarm.by, at(alarm.by_time)) : null,
    alarm.shelved_until ? words.shelvedBy(alarm.by, at(alarm.shelved_until) ?? '') : null,
    alarm.suppressed_by ? (alarm.suppressed_by.includes(' ') ? words.muted(alarm.suppressed_by) : words.explained(alarm.suppressed_by)) : null,
    alarm.muted && alarm.state === 'tripped' ? words.mutedBy(alarm.by, at(alarm.by_time)) : null,
    alarm.latched ? words.latched : null,
    alarm.flapping ? words.flapping : null,
    alarm.times > 1 ? words.times(alarm.times) : null,
  ]
  return (
    <span class="alarm-facts">
      {facts.filter(Boolean).map((one) => <span key={one}>{one}</span>)}
      {linked && places().has(alarm.path) && <a href={printGraph({ paths: [alarm.path], from: '-6h', to: 'now' })} aria-label={words.graphOf(alarm.path)}>{words.graph}</a>}
      {linked && <a href={`/events?object=${encodeURIComponent(alarm.path).replace(/%2F/g, '/')}`} aria-label={words.eventsOf(alarm.path)}>{words.events}</a>}
    </span>
  )
}

export function AlarmRow({ alarm, compact = false }: { alarm: Alarm; compact?: boolean }) {
  const words = t.alarms
  const may = mayAs(useCell(session), 'control')
  const zone = useCell(site)?.time_zone ?? 'UTC'
  const [asking, setAsking] = useState<AlarmDeed | null>(null)
  const item = useRef<HTMLLIElement>(null)
  useSlowNow(30)
  // What was asked may have been answered meanwhile, by somebody else or by the reading itself.
  const open = asking && deedsFor(alarm).includes(asking) ? asking : null
  return (
    <li ref={item} tabIndex={-1} class={`alarm-row ${alarm.state}${alarm.silent ? ' silent' : ''}`} data-alarm={alarm.id} data-path={alarm.path}>
      <AlarmWord alarm={alarm} />
      <span class="alarm-what">
        <b><a href={`/alarms/rules?r=${encodeURIComponent(alarm.rule)}`}>{alarm.label}</a></b> <span class={`severity-word ${alarm.severity}`}>{words.severity[alarm.severity]}</span> <Where path={alarm.path} />
        {alarm.text && !(compact && alarm.value !== null) && <> <span class="alarm-text">{restOf(alarm)}</span></>}
      </span>
      <Against alarm={alarm} />
      <Facts alarm={alarm} zone={zone} now={unitNow()} linked={!compact} />
      {may && alarm.state !== 'normal' && (
        <span class="alarm-deeds">
          {deedsFor(alarm).map((deed, at) => (
            <button key={deed} type="button" class={at ? 'small quiet' : 'small'} aria-expanded={open === deed} aria-label={words.of(words.deed[deed]!, `${alarm.label}, ${alarm.path}`)}
              onClick={() => setAsking(open === deed ? null : deed)}>{words.deed[deed]}</button>
          ))}
        </span>
      )}
      {open && <AskDeed key={open} alarm={alarm} deed={open} onDone={() => { setAsking(null); item.current?.focus() }} />}
    </li>
  )
}

/** The worst of many, and where the others are: nobody scrolls past fifty rows to what they came for. */
export function FirstAlarms({ alarms, href }: { alarms: Alarm[]; href: string }) {
  const first = alarms.length > FIRST + 1 ? alarms.slice(0, FIRST) : alarms
  return (
    <>
      <AlarmRows alarms={first} label={t.alarms.list} />
      {first.length < alarms.length && <p class="alarms-rest"><a href={href}>{t.alarms.rest(alarms.length - first.length)}</a></p>}
    </>
  )
}

/** `compact`: a line each where the screen is wide enough. */
export function AlarmRows({ alarms, label, compact = false }: { alarms: Alarm[]; label: string; compact?: boolean }) {
  if (!alarms.length) return null
  return <ul class={compact ? 'alarm-rows compact' : 'alarm-rows'} aria-label={label}>{alarms.map((alarm) => <AlarmRow key={alarm.id} alarm={alarm} compact={compact} />)}</ul>
}
