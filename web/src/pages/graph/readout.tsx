// The figures of a graph: lowest, average, highest, last over the span shown, and at the cursor.
import { scaledDecimals } from '../../format/number'
import { places } from '../../model/site'
import { componentName } from '../../model/names'
import { summary, type Series } from '../../model/series'
import { Aligned } from '../../parts/figure'
import { Icon } from '../../shell/icons'
import { t } from '../../text'
import { rowScale } from './axis'
import { dashOf, PENS, type Line } from './chart'

/** Colour and dashes of the line, because colour alone is not enough. */
function Swatch({ pen, hidden }: { pen: number; hidden: boolean }) {
  return (
    <svg class={`swatch pen-${(pen % PENS) + 1}${hidden ? ' off' : ''}`} viewBox="0 0 26 10" aria-hidden="true">
      <path d="M1 5h24" stroke-dasharray={dashOf(pen).join(' ') || undefined} />
    </svg>
  )
}

/** The bucket under the cursor; null in a gap. */
function at(series: Series, time: number): number | null {
  const bucket = series.buckets.find((one) => one.time === time)
  return bucket ? bucket.avg : null
}

interface RowProps {
  line: Line
  series: Series
  span: { from: number; to: number }
  cursor: number | null
  onRemove: (path: string) => void
  onHide: (path: string) => void
}

function Row({ line, series, span, cursor, onRemove, onHide }: RowProps) {
  const place = places().get(line.path)
  const found = summary(series, span.from - series.stepS, span.to)
  const under = cursor === null ? null : at(series, cursor)
  const figures = found ? [found.min, found.avg, found.max, found.last] : []
  const scale = rowScale(line.unit, figures)
  const decimals = scaledDecimals(line.decimals, scale)
  const cell = (value: number | null) => (
    <td class="number">{value === null ? t.value.none : <Aligned value={value / scale.divisor} decimals={decimals} />}</td>
  )
  return (
    <tr>
      <td class="swatch-cell">
        <button type="button" class="bare" aria-pressed={!line.hidden} aria-label={t.graph.hide(line.path)} onClick={() => onHide(line.path)}>
          <Swatch pen={line.pen} hidden={line.hidden} />
        </button>
      </td>
      <th scope="row">
        <span class="path">{line.path}</span>
        <span class="path-label">
          {place ? `${place.component.label ? `${componentName(place.component)}: ` : ''}${place.point.label}` : t.graph.unknownPoint}
        </span>
      </th>
      {found
        ? <>{cell(found.min)}{cell(found.avg)}{cell(found.max)}{cell(found.last)}{cell(under)}</>
        : <td class="none" colSpan={5}>{t.graph.none}</td>}
      <td class="unit-cell">{scale.prefix}{line.unit}</td>
      <td class="remove-cell">
        <button type="button" class="bare" aria-label={t.graph.remove(line.path)} onClick={() => onRemove(line.path)}><Icon name="close" /></button>
      </td>
    </tr>
  )
}

export function Readout({ lines, series, ...rest }: Omit<RowProps, 'line' | 'series'> & { lines: Line[]; series: Series[] }) {
  const { graph } = t
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label={graph.readout}>
      <table class="readings readout">
        <caption class="hidden">{graph.readout}</caption>
        <thead>
          <tr>
            <td />
            <th scope="col">{graph.point}</th>
            {[graph.min, graph.avg, graph.max, graph.last, graph.cursor].map((name) => <th scope="col" class="number" key={name}>{name}</th>)}
            <th scope="col" class="unit-cell"><span class="hidden">{t.device.unit}</span></th>
            <td />
          </tr>
        </thead>
        <tbody>
          {lines.map((line) => {
            const found = series.find((one) => one.path === line.path) ?? { path: line.path, stepS: 0, paceS: 0, buckets: [] }
            return <Row key={line.path} line={line} series={found} {...rest} />
          })}
        </tbody>
      </table>
    </div>
  )
}
