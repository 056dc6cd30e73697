// The readings of one point with the limit across and the times marked at which the rule would have fired.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { PreviewPoint } from '../../api/alarms'
import { ask, query } from '../../api/http'
import { recordedEveryS } from '../../api/recorded'
import type { History } from '../../api/types'
import { useWidth } from '../../base/use-width'
import { figure } from '../../format/number'
import { date, parseTime } from '../../format/time'
import { fromHistory, isGap, type Series } from '../../model/series'
import { places } from '../../model/site'
import { t } from '../../text'

const HEIGHT = 170
const LEFT = 52
const BOTTOM = 18
const TOP = 8
const BUCKETS = 400
/** A trip of seconds in two weeks is still seen. */
const LEAST_PX = 2
const DAY_S = 86_400

export interface PictureProps {
  point: PreviewPoint
  from: string
  to: string
  limit: number
  recover: number
  zone: string
}

function useReadings(path: string, from: string, to: string): Series | null {
  const [series, setSeries] = useState<Series | null>(null)
  useEffect(() => {
    const stop = new AbortController()
    const load = async () => {
      const recordedS = await recordedEveryS()
      const history = await ask<History>(`/history${query({ path, from, to, points: BUCKETS })}`, { signal: stop.signal })
      const [found] = history.series
      setSeries(found ? fromHistory(found, history.step_s, recordedS) : null)
    }
    // Without it the list of times is still there.
    load().catch(() => {})
    return () => stop.abort()
  }, [path, from, to])
  return series
}

interface Frame {
  x: (seconds: number) => number
  y: (value: number) => number
}

/** A path per unbroken stretch; a gap is not drawn through. */
function strokes(series: Series, { x, y }: Frame): { line: string; band: string } {
  let line = ''
  let band = ''
  let stretch: Series['buckets'] = []
  const flush = () => {
    if (!stretch.length) return
    const at = (value: (bucket: Series['buckets'][number]) => number) => stretch.map((bucket) => `${x(bucket.time).toFixed(1)} ${y(value(bucket)).toFixed(1)}`)
    line += `M${at((bucket) => bucket.avg).join('L')}${stretch.length === 1 ? 'h1' : ''}`
    band += `M${at((bucket) => bucket.max).join('L')}L${at((bucket) => bucket.min).reverse().join('L')}Z`
    stretch = []
  }
  let before: number | null = null
  for (const bucket of series.buckets) {
    if (before !== null && isGap(series, before, bucket.time)) flush()
    stretch.push(bucket)
    before = bucket.time
  }
  flush()
  return { line, band }
}

/** Everything that must be seen: readings, limit, recovery. */
function bounds(series: Series | null, marks: number[]): [number, number] {
  const all = [...(series?.buckets.flatMap(({ min, max }) => [min, max]) ?? []), ...marks.filter(Number.isFinite)]
  if (!all.length) return [0, 1]
  const low = Math.min(...all)
  const high = Math.max(...all)
  const room = (high - low || Math.abs(high) || 1) * 0.06
  return [low - room, high + room]
}

/** Midnights, as many as have room. */
function days(fromS: number, toS: number, width: number): number[] {
  const step = Math.max(1, Math.ceil((toS - fromS) / DAY_S / Math.max(1, width / 70))) * DAY_S
  const all: number[] = []
  for (let at = Math.ceil(fromS / DAY_S) * DAY_S; at < toS; at += step) all.push(at)
  return all
}

function Mark({ value, words, kind, below, frame, width }: { value: number; words: string; kind: string; below: boolean; frame: Frame; width: number }) {
  if (!Number.isFinite(value)) return null
  const y = frame.y(value)
  return (
    <>
      <line class={kind} x1={LEFT} x2={width} y1={y} y2={y} />
      <text class={`${kind}-word`} x={width - 4} y={below ? y + 11 : y - 3} text-anchor="end">{words}</text>
    </>
  )
}

export function RulePicture({ point, from, to, limit, recover, zone }: PictureProps) {
  const words = t.alarms.preview
  const place = useRef<HTMLDivElement>(null)
  const width = useWidth(place, 360)
  const series = useReadings(point.path, from, to)
  const fromS = (parseTime(from) ?? 0) / 1000
  const toS = (parseTime(to) ?? 0) / 1000
  const [low, high] = bounds(series, [limit, recover])
  const frame: Frame = {
    x: (seconds) => LEFT + ((seconds - fromS) / (toS - fromS || 1)) * (width - LEFT),
    y: (value) => TOP + (1 - (value - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM),
  }
  const found = places().get(point.path)?.point
  const shown = (value: number) => figure(value, found?.unit ?? '', Math.min(found?.decimals ?? 1, 1))
  const drawn = series && strokes(series, frame)
  return (
    <div ref={place}>
      <svg class="rule-picture" viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={words.picture(point.path, point.count)}>
        {days(fromS, toS, width).map((at) => (
          <g key={at}>
            <line class="tick" x1={frame.x(at)} x2={frame.x(at)} y1={TOP} y2={HEIGHT - BOTTOM} />
            <text x={frame.x(at) + 3} y={HEIGHT - 5}>{date(at * 1000, zone).slice(5)}</text>
          </g>
        ))}
        {point.spans.map((one) => {
          const begin = frame.x(Math.max(fromS, (parseTime(one.from) ?? 0) / 1000))
          const end = frame.x(one.to === null ? toS : (parseTime(one.to) ?? 0) / 1000)
          const size = Math.max(LEAST_PX, end - begin)
          return (
            <g key={one.from} class="fired-span">
              <rect class="fired" x={begin} width={size} y={TOP} height={HEIGHT - TOP - BOTTOM} />
              <rect class="fired-edge" x={begin} width={size} y={HEIGHT - BOTTOM} height={3} />
            </g>
          )
        })}
        {drawn && <path class="band" d={drawn.band} />}
        {drawn && <path class="line" d={drawn.line} />}
        <Mark value={limit} words={`${words.limit} ${shown(limit)}`} kind="limit" below={recover > limit} frame={frame} width={width} />
        <Mark value={recover} words={`${words.recover} ${shown(recover)}`} kind="recover" below={!(recover > limit)} frame={frame} width={width} />
        {series && <text x={LEFT - 4} y={TOP + 8} text-anchor="end">{shown(high)}</text>}
        {series && <text x={LEFT - 4} y={HEIGHT - BOTTOM} text-anchor="end">{shown(low)}</text>}
      </svg>
    </div>
  )
}
