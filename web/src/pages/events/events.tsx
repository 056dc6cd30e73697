// What happened and who did it: newest first, as far back as it is kept, growing while it is looked at.
import { useEffect, useRef } from 'preact/hooks'
import { apiAddress, query } from '../../api/http'
import type { LogEvent } from '../../api/types'
import { useCell } from '../../base/cell'
import { clock, parseTime, span } from '../../format/time'
import { site } from '../../model/site'
import { Empty } from '../../parts/empty'
import { deviceAddress, go } from '../../route/route'
import { Icon } from '../../shell/icons'
import { t } from '../../text'
import { Filters } from './filters'
import { days, isFiltered, kindsOf, parseFilter, printFilter, type Day } from './model'
import { useEvents, type Events } from './use-events'
import { useKinds } from './use-kinds'

const SHAPES: Record<string, string> = { info: '○', notice: '●', warning: '◆', error: '■' }

/** Never a colour alone: a shape, and the word for who cannot see it. */
function Severity({ of }: { of: string }) {
  const words = t.events.severities[of] ?? of
  return (
    <span class="severity" data-why={words}>
      <span class="shape" aria-hidden="true">{SHAPES[of] ?? '●'}</span><span class="hidden">{words}</span>
    </span>
  )
}

/** The device that it is about, as a link, when there is one of that name. */
function Subject({ object }: { object: string }) {
  const name = object.split('/')[0]!
  const known = site.get()?.devices.some((device) => device.name === name)
  return known ? <a href={deviceAddress(name)}>{object}</a> : <>{object}</>
}

function Row({ event, zone }: { event: LogEvent; zone: string }) {
  const { events } = t
  const time = parseTime(event.time)
  // Most sentences begin with who it was and from where; once is enough.
  const by = event.actor && event.actor !== 'system' && !event.text.startsWith(event.actor) ? event.actor : null
  const about = event.object && event.object !== event.actor ? event.object : null
  const kind = event.kind.replaceAll('-', ' ')
  return (
    <li class={`event ${event.severity}`} data-id={event.id}>
      <span class="event-time">
        {time === null
          ? <span data-why={events.undated(span(event.uptime_s * 1000))}>+{span(event.uptime_s * 1000)}</span>
          : <time dateTime={String(event.time)}>{clock(time, zone)}</time>}
      </span>
      <Severity of={event.severity} />
      <span class="event-kind">{kind}</span>
      <span class="event-text">{event.text || kind}</span>
      <span class="event-about">
        {about && <span class="event-object"><Subject object={about} /></span>}
        {by && <span class="event-actor">{by}{event.origin && event.origin !== by && <span class="quiet-word"> {events.from(event.origin)}</span>}</span>}
      </span>
    </li>
  )
}

function DayList({ day, zone }: { day: Day; zone: string }) {
  return (
    <section class="event-day">
      <h2>{day.date ?? t.events.undatedHead}</h2>
      <ul>{day.events.map((event) => <Row key={event.id} event={event} zone={zone} />)}</ul>
    </section>
  )
}

/** The next page is fetched when its place comes near; the button is for who has no such view. */
function Older({ events }: { events: Events }) {
  const mark = useRef<HTMLDivElement>(null)
  const older = useRef(events.older)
  older.current = events.older
  useEffect(() => {
    if (!mark.current) return
    const observer = new IntersectionObserver((seen) => seen.some((one) => one.isIntersecting) && older.current(), { rootMargin: '600px' })
    observer.observe(mark.current)
    return () => observer.disconnect()
  }, [events.list.length])
  return (
    <div ref={mark} class="event-older">
      <button type="button" disabled={events.loading} onClick={events.older}>{events.loading ? t.events.loading : t.events.older}</button>
    </div>
  )
}

function List({ events, filtered, zone }: { events: Events; filtered: boolean; zone: string }) {
  const words = t.events
  if (!events.list.length) {
    if (events.loading) return <p class="loading" role="status">{words.loading}</p>
    if (events.failure) return null
    return filtered ? <Empty title={words.noMatch} text={words.noMatchText} /> : <Empty title={words.none} text={words.noneText} />
  }
  return (
    <div class={events.loading ? 'panel event-list busy-list' : 'panel event-list'} aria-busy={events.loading}>
      {days(events.list, zone).map((day) => <DayList key={`${day.date}-${day.events[day.events.length - 1]!.id}`} day={day} zone={zone} />)}
      {events.more ? <Older events={events} /> : <p class="event-end quiet-word">{words.end}</p>}
    </div>
  )
}

export function EventsPage({ search }: { search: string }) {
  const filter = parseFilter(search)
  const kinds = useKinds()
  const asked = { ...filter, kind: kindsOf(filter.kind, kinds) }
  const events = useEvents(filter.kind.endsWith('*') && !kinds.length ? null : asked)
  const zone = useCell(site)?.time_zone ?? 'UTC'
  const words = t.events
  return (
    <div class="events">
      <div class="title-row">
        <h1>{words.title}</h1>
        <span class="live-word"><span class="shape" aria-hidden="true" />{words.live}</span>
        <span class="spring" />
        <a class="button" href={apiAddress(`/events.csv${query({ ...asked, time: 'local' })}`)} download data-why={words.csvWhy}>
          <Icon name="save" />{words.csv}
        </a>
      </div>
      <Filters filter={filter} kinds={kinds} onChange={(next) => go(printFilter(next), 'replace')} />
      <p class="hidden" role="status">{events.arrived > 0 ? words.arrived(events.arrived) : ''}</p>
      {events.failure && <p class="reason" role="alert">{words.failed} {events.failure}</p>}
      <List events={events} filtered={isFiltered(filter)} zone={zone} />
    </div>
  )
}
