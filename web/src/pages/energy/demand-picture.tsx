// The averages that were recorded, with the peak across; the highest of each day for those who see no picture.
import { useEffect, useRef } from 'preact/hooks'
import type { Demand } from '../../api/demand'
import { apiAddress, query } from '../../api/http'
import { useWidth } from '../../base/use-width'
import { unitNow } from '../../base/clock'
import { figure } from '../../format/number'
import { date, moment } from '../../format/time'
import { dayName } from '../../format/period'
import type { Series } from '../../model/series'
import { places } from '../../model/site'
import { bounds, strokes, ticks, useReadings, type Frame } from '../../parts/readings-picture'
import { go } from '../../route/route'
import { printGraph } from '../../route/graph-state'
import { Icon } from '../../shell/icons'
import { t } from '../../text'
import { daysOf, printDemand, type DemandState } from './demand-model'

const HEIGHT = 220
const LEFT = 64
const BOTTOM = 20
const TOP = 12
const DAY_S = 86_400
/** A time that has no room before the edge is left out. */
const WORD_PX = 36
/** The picture is read again this often: an average is ready once in a window. */
const AGAIN_S = 60

interface DrawnProps {
  demand: Demand
  series: Series
  fromS: number
  toS: number
  name: string
  zone: string
}

function Drawn({ demand, series, fromS, toS, name, zone }: DrawnProps) {
  const words = t.energy.demand
  const place = useRef<HTMLDivElement>(null)
  const width = useWidth(place, 700)
  const peak = demand.peak ?? NaN
  const [low, high] = bounds(series, [peak])
  const decimals = places().get(series.path)?.point.decimals ?? 1
  const shown = (value: number) => figure(value, demand.unit, Math.min(decimals, 1))
  const frame: Frame = {
    x: (seconds) => LEFT + ((seconds - fromS) / (toS - fromS || 1)) * (width - LEFT),
    y: (value) => TOP + (1 - (value - low) / (high - low || 1)) * (HEIGHT - TOP - BOTTOM),
  }
  const { line, band } = strokes(series, frame)
  const values = series.buckets.map(({ avg }) => avg)
  const y = frame.y(peak)
  return (
    <div ref={place}>
      <svg class="rule-picture demand-picture" viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={words.picture(name, shown(Math.min(...values)), shown(Math.max(...values)))}>
        {ticks(fromS, toS, width - LEFT, zone).map(({ at, words: time }) => (
          <g key={at}>
            <line class="tick" x1={frame.x(at)} x2={frame.x(at)} y1={TOP} y2={HEIGHT - BOTTOM} />
            {frame.x(at) + WORD_PX < width && <text x={frame.x(at) + 3} y={HEIGHT - 6}>{time}</text>}
          </g>
        ))}
        <path class="band" d={band} />
        <path class="line" d={line} />
        {Number.isFinite(peak) && (
          <>
            <line class="peak" x1={LEFT} x2={width} y1={y} y2={y} />
            <text class="peak-word" x={width - 4} y={y + 13} text-anchor="end">{words.peakLine(figure(peak, demand.unit, decimals))}</text>
          </>
        )}
        <text x={LEFT - 6} y={TOP + 8} text-anchor="end">{shown(high)}</text>
        <text x={LEFT - 6} y={HEIGHT - BOTTOM} text-anchor="end">{shown(low)}</text>
      </svg>
    </div>
  )
}

function Days({ series, demand, zone }: { series: Series; demand: Demand; zone: string }) {
  const words = t.energy.demand
  const decimals = places().get(series.path)?.point.decimals ?? 1
  return (
    <details class="alternative">
      <summary>{words.days}</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label={words.days}>
        <table class="readings">
          <thead><tr><th scope="col">{words.dayColumn}</th><th scope="col" class="number">{words.mostColumn}</th><th scope="col" class="number">{words.atColumn}</th></tr></thead>
          <tbody>
            {daysOf(series, (seconds) => date(seconds * 1000, zone)).map(({ day, most, at }) => (
              <tr key={day}>
                <th scope="row">{dayName(at, zone)}</th>
                <td class="number">{figure(most, demand.unit, decimals)}</td>
                <td class="number">{moment(at * 1000, at * 1000, zone)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}

export interface HistoryProps {
  demand: Demand
  path: string
  name: string
  state: DemandState
  zone: string
}

export function DemandHistory({ demand, path, name, state, zone }: HistoryProps) {
  const words = t.energy.demand
  const toS = Math.ceil(unitNow() / 1000 / AGAIN_S) * AGAIN_S
  const fromS = toS - state.days * DAY_S
  const [from, to] = [fromS, toS].map((seconds) => new Date(seconds * 1000).toISOString()) as [string, string]
  const { series: read, loading, failure } = useReadings(path, from, to)
  const series = read?.path === path ? read : null
  const panel = useRef<HTMLElement>(null)
  const first = useRef(path)
  // Somebody chose another row, maybe far below.
  useEffect(() => {
    if (first.current !== path) panel.current?.scrollIntoView({ block: 'nearest' })
    first.current = path
  }, [path])
  const csv = apiAddress(`/history.csv${query({ path, from, to, step: demand.window_s })}`)
  return (
    <section ref={panel} class="panel demand-history" aria-label={words.history(name)}>
      <div class="panel-head">
        <h2>{words.history(name)}</h2>
        <span class="spring" />
        <div class="segments" role="group" aria-label={words.span}>
          {Object.entries(words.spans).map(([days, label]) => <button key={days} type="button" aria-pressed={String(state.days) === days} onClick={() => go(printDemand({ ...state, days: Number(days) }))}>{label}</button>)}
        </div>
        <a class="button" href={printGraph({ paths: [path], from: `-${state.days}d`, to: 'now' })}>{words.graph}</a>
        <a class="button" href={csv} download data-why={words.csvWhy}><Icon name="save" />{words.csv}</a>
      </div>
      {failure && !series && <p class="reason" role="alert">{failure}</p>}
      {!failure && !series?.buckets.length && <p class="quiet-word" role="status">{loading ? words.pictureLoading : words.pictureNone}</p>}
      {series && series.buckets.length > 0 && (
        <>
          <Drawn demand={demand} series={series} fromS={fromS} toS={toS} name={name} zone={zone} />
          <Days series={series} demand={demand} zone={zone} />
        </>
      )}
    </section>
  )
}
