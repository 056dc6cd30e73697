// The readings of one point with the limit across and the times marked at which the rule would have fired.
import { useRef } from 'preact/hooks'
import type { PreviewPoint } from '../../api/alarms'
import { useWidth } from '../../base/use-width'
import { figure } from '../../format/number'
import { parseTime } from '../../format/time'
import { places } from '../../model/site'
import { bounds, strokes, ticks, useReadings, type Frame } from '../../parts/readings-picture'
import { t } from '../../text'

const HEIGHT = 170
const LEFT = 52
const BOTTOM = 18
const TOP = 8
/** A time that has no room before the edge is left out. */
const WORD_PX = 36
/** A trip of seconds in two weeks is still seen. */
const LEAST_PX = 2

export interface PictureProps {
  point: PreviewPoint
  from: string
  to: string
  limit: number
  recover: number
  zone: string
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
  // Without them the list of times is still there.
  const { series } = useReadings(point.path, from, to)
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
        {ticks(fromS, toS, width - LEFT, zone).map(({ at, words: time }) => (
          <g key={at}>
            <line class="tick" x1={frame.x(at)} x2={frame.x(at)} y1={TOP} y2={HEIGHT - BOTTOM} />
            {frame.x(at) + WORD_PX < width && <text x={frame.x(at) + 3} y={HEIGHT - 5}>{time}</text>}
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
