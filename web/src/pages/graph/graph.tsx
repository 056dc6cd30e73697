// Graphs of any points over any span; the address holds all of it.
import { useMemo, useRef, useState } from 'preact/hooks'
import type uPlot from 'uplot'
import { apiAddress, query } from '../../api/http'
import { useCell } from '../../base/cell'
import { unitNow } from '../../base/clock'
import { figure } from '../../format/number'
import { dateClock, span as spanWords } from '../../format/time'
import { summary } from '../../model/series'
import { places, powerPoint, site } from '../../model/site'
import { Icon } from '../../shell/icons'
import {
  DEFAULT_FROM, isLive, panned, parseGraph, PRESETS, printGraph, selected, spanOf, zoomed, type GraphState,
} from '../../route/graph-state'
import { go } from '../../route/route'
import { t } from '../../text'
import { Chart, type Line } from './chart'
import { Picker } from './picker'
import { Readout } from './readout'
import { savePicture } from './save-picture'
import { useSeries } from './use-series'

function nowS(): number {
  return unitNow() / 1000
}

/** Pens stay with their points: removing one must not recolour the others. */
function usePens(paths: string[]): Map<string, number> {
  const pens = useRef(new Map<string, number>())
  for (const path of [...pens.current.keys()]) if (!paths.includes(path)) pens.current.delete(path)
  for (const path of paths) {
    if (pens.current.has(path)) continue
    const taken = new Set(pens.current.values())
    let pen = 0
    while (taken.has(pen)) pen++
    pens.current.set(path, pen)
  }
  return pens.current
}

function linesOf(paths: string[], pens: Map<string, number>, hidden: Set<string>): Line[] {
  return paths.map((path) => {
    const point = places().get(path)?.point
    return { path, unit: point?.unit ?? '', decimals: point?.decimals ?? 1, pen: pens.get(path) ?? 0, hidden: hidden.has(path) }
  })
}

/** Each button is a new address, so that back undoes it. */
function Toolbar({ state, onChange }: { state: GraphState; onChange: (next: GraphState) => void }) {
  const { graph } = t
  const live = isLive(state)
  const button = (label: string, icon: 'left' | 'right' | 'plus' | 'minus', change: () => GraphState, disabled = false) => (
    <button type="button" class="tool" aria-label={label} data-why={label} disabled={disabled} onClick={() => onChange(change())}><Icon name={icon} /></button>
  )
  return (
    <div class="toolbar">
      <div class="presets" role="group" aria-label={graph.span}>
        {PRESETS.map((preset) => (
          <button type="button" key={preset} aria-pressed={live && state.from === preset}
            onClick={() => onChange({ ...state, from: preset, to: 'now' })}>{graph.preset[preset]}</button>
        ))}
      </div>
      <div class="tools">
        {button(graph.earlier, 'left', () => panned(state, -0.5, nowS()))}
        {button(graph.later, 'right', () => panned(state, 0.5, nowS()), live)}
        {button(graph.zoomIn, 'plus', () => zoomed(state, 0.5, nowS()))}
        {button(graph.zoomOut, 'minus', () => zoomed(state, 2, nowS()))}
        {live
          ? <span class="live-word"><span class="shape" aria-hidden="true" />{graph.live}</span>
          : <button type="button" onClick={() => onChange({ ...state, from: '-6h', to: 'now' })}>{graph.toLive}</button>}
      </div>
    </div>
  )
}

/** First steps for somebody who does not know the paths yet. */
function Suggestions({ onAdd }: { onAdd: (path: string) => void }) {
  const powers = (site.get()?.devices ?? []).map(powerPoint).filter((point) => point !== undefined)
  return (
    <div class="empty">
      <h2>{t.graph.empty}</h2>
      <p>{t.graph.emptyText}</p>
      {powers.length > 0 && <p class="quiet-word">{t.graph.suggestions}</p>}
      <ul class="chips">
        {powers.slice(0, 8).map((point) => (
          <li key={point.path}><button type="button" onClick={() => onAdd(point.path)}>{point.path}</button></li>
        ))}
      </ul>
    </div>
  )
}

/** Not while typing, and not in a table that scrolls with the same keys. */
function useKeys(state: GraphState, change: (next: GraphState) => void) {
  return (event: KeyboardEvent) => {
    if ((event.target as Element).closest('input, .scroll') || event.ctrlKey || event.metaKey || event.altKey) return
    const moves: Record<string, () => GraphState> = {
      ArrowLeft: () => panned(state, -0.25, nowS()),
      ArrowRight: () => panned(state, 0.25, nowS()),
      '+': () => zoomed(state, 0.5, nowS()),
      '-': () => zoomed(state, 2, nowS()),
      '0': () => ({ ...state, from: '-6h', to: 'now' }),
    }
    const move = moves[event.key]
    if (!move) return
    event.preventDefault()
    change(move())
  }
}

export function GraphPage({ search }: { search: string }) {
  const here = useCell(site)
  const state = parseGraph(search)
  const data = useSeries(state)
  const chart = useRef<uPlot | null>(null)
  const [cursor, setCursor] = useState<number | null>(null)
  const [hidden, setHidden] = useState(new Set<string>())
  const change = (next: GraphState) => go(printGraph(next))
  const onKey = useKeys(state, change)
  const zone = here?.time_zone ?? 'UTC'
  const span = spanOf(state, nowS())
  const lines = linesOf(state.paths, usePens(state.paths), hidden)
  const words = { from: dateClock(span.from * 1000, zone), to: dateClock(span.to * 1000, zone) }
  // While a new point is being read, the chart shows those that are there already.
  const drawnLines = lines.filter((line) => data.series.some((one) => one.path === line.path))
  const drawn = useMemo(() => drawnLines.map((line) => data.series.find((one) => one.path === line.path)!),
    [data.series, state.paths.join('\n')])
  const empty = !data.loading && data.series.length > 0 && data.series.every((one) => !one.buckets.length)

  const add = (path: string) => change({ ...state, paths: [...state.paths, path] })
  const remove = (path: string) => change({ ...state, paths: state.paths.filter((one) => one !== path) })
  const toggle = (path: string) => setHidden((before) => {
    const next = new Set(before)
    if (!next.delete(path)) next.add(path)
    return next
  })
  const save = () => {
    if (!chart.current) return
    const figures = lines.map((line) => {
      const series = data.series.find((one) => one.path === line.path)
      const found = series && summary(series, span.from, span.to)
      return found
        ? [found.min, found.avg, found.max].map((value, at) => `${[t.graph.min, t.graph.avg, t.graph.max][at]} ${figure(value, line.unit, line.decimals)}`).join('   ')
        : t.graph.none
    })
    savePicture(chart.current, { title: here?.name ?? t.app.name, span: `${words.from} – ${words.to} (${zone})`, lines, figures },
      `${(state.paths[0] ?? 'graph').replace(/\//g, '-')}_${words.to.replace(/[: ]/g, '-')}.png`)
  }
  const csv = apiAddress(`/history.csv${query({
    path: state.paths, from: new Date(span.from * 1000).toISOString(), to: new Date(span.to * 1000).toISOString(),
    step: data.step || null,
  })}`)

  return (
    <div class="graph" onKeyDown={onKey}>
      <div class="title-row">
        <h1>{t.graph.title}</h1>
        <p class="summary">
          {words.from} – {words.to}
          {data.stepS > 0 && <span class="quiet-word"> {t.graph.step(t.graph.calendar[data.step] ?? spanWords(data.stepS * 1000))}</span>}
        </p>
        <span class="spring" />
        {state.paths.length > 0 && (
          <span class="actions">
            <button type="button" onClick={save}><Icon name="save" />{t.graph.png}</button>
            <a class="button" href={csv} download><Icon name="save" />{t.graph.csv}</a>
          </span>
        )}
      </div>
      <Picker chosen={state.paths} onAdd={add} />
      {!state.paths.length ? <Suggestions onAdd={add} /> : (
        <>
          <Toolbar state={state} onChange={change} />
          <section class={data.loading ? 'panel chart-panel loading-veil' : 'panel chart-panel'} aria-busy={data.loading}>
            <Chart series={drawn} lines={drawnLines}
              from={span.from} to={span.to} zone={zone} version={data.version}
              label={t.graph.chart(state.paths.length, words.from, words.to)}
              onSelect={(from, to) => change(selected(state, from, to))} onPan={(share) => change(panned(state, share, nowS()))}
              onReset={() => change({ ...state, from: DEFAULT_FROM, to: 'now' })} onCursor={setCursor} onReady={(ready) => { chart.current = ready }} />
            {empty && <p class="chart-note" role="status">{here && !here.clock_known ? t.graph.noClockText : t.graph.noneText}</p>}
            {data.failure && <p class="chart-note" role="alert">{data.failure}</p>}
          </section>
          <section class="panel">
            <Readout lines={lines} series={data.series} span={span} cursor={cursor} onRemove={remove} onHide={toggle} />
          </section>
          <p class="quiet-word hint">{t.graph.hint}</p>
        </>
      )}
    </div>
  )
}
