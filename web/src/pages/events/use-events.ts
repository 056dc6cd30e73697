// The list of events: pages fetched as they are wanted, news as the live stream tells of them.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, query, sentence } from '../../api/http'
import { newestEvent } from '../../api/live'
import type { EventPage, LogEvent } from '../../api/types'
import { joined, type Filter } from './model'

/** A filter with its kinds spelled out. */
export type Asked = Omit<Filter, 'kind'> & { kind: string | string[] }

const PAGE = 100
/** A burst of events is one request. */
const GATHER_MS = 300

export interface Events {
  list: LogEvent[]
  more: boolean
  loading: boolean
  failure: string | null
  /** Came after the page was opened, for those who cannot see it happen. */
  arrived: number
  older: () => void
}

type State = Omit<Events, 'older'> & { before: number | null }

const START: State = { list: [], more: false, loading: true, failure: null, arrived: 0, before: null }

function fetchPage(filter: Asked, more: { before?: number | null; after?: number }, signal: AbortSignal): Promise<EventPage> {
  return ask<EventPage>(`/events${query({ ...filter, ...more, limit: PAGE })}`, { signal })
}

export function useEvents(filter: Asked | null): Events {
  const [state, setState] = useState(START)
  const now = useRef(state)
  now.current = state
  const stop = useRef(new AbortController())
  const key = JSON.stringify(filter)

  /** Not before it is known which kinds are meant. */
  const asked = useRef(filter)
  asked.current = filter
  const take = async (work: () => Promise<void>) => {
    const { signal } = stop.current
    try {
      await work()
    } catch (cause) {
      if (!signal.aborted) setState((old) => ({ ...old, loading: false, failure: sentence(cause) }))
    }
  }

  useEffect(() => {
    const controller = new AbortController()
    stop.current = controller
    setState((old) => ({ ...START, list: old.list }))
    if (filter) void take(async () => {
      const page = await fetchPage(filter, {}, controller.signal)
      setState({ ...START, list: page.events, more: page.more, before: page.before, loading: false })
    })
    return () => controller.abort()
  }, [key])

  useEffect(() => {
    let timer = 0
    const news = () => take(async () => {
      timer = 0
      const { list } = now.current
      if (!filter) return
      const page = await fetchPage(filter, { after: list[0]?.id ?? 0 }, stop.current.signal)
      if (!page.events.length) return
      setState((old) => page.more
        // More than a page came at once: what lies between is fetched as older ones are.
        ? { ...old, list: page.events, more: true, before: page.before, failure: null }
        : { ...old, list: joined(page.events, old.list), arrived: old.arrived + page.events.length, failure: null })
    })
    const unsubscribe = newestEvent.subscribe(() => {
      if (!timer) timer = window.setTimeout(() => void news(), GATHER_MS)
    })
    return () => { unsubscribe(); window.clearTimeout(timer) }
  }, [key])

  const older = () => {
    if (now.current.loading || !now.current.more || !asked.current) return
    setState((old) => ({ ...old, loading: true }))
    void take(async () => {
      const page = await fetchPage(asked.current!, { before: now.current.before }, stop.current.signal)
      setState((old) => ({
        ...old, list: joined(old.list, page.events), more: page.more, before: page.before, loading: false, failure: null,
      }))
    })
  }
  return { ...state, older }
}
