// Total and phases across, quantities down, aligned at the decimal point, with the last hour of each.
import { componentName } from '../../model/names'
import { Age, Figure, useColumnScale } from '../../parts/figure'
import type { HourStore } from '../../parts/hour'
import { Spark } from '../../parts/spark'
import { scaledDecimals } from '../../format/number'
import { printGraph } from '../../route/graph-state'
import { t } from '../../text'
import { drawable, sparkPoints, type MeterFamily } from './families'

type Row = MeterFamily['quantities'][number]

function QuantityRow({ row, pad, hour }: { row: Row; pad: number; hour: HourStore }) {
  const paths = row.points.filter((point) => point !== undefined).map((point) => point.path)
  const scale = useColumnScale(row.unit, paths)
  const counter = row.points.some((point) => point?.kind === 'counter')
  const sparks = sparkPoints(row.points).map((point) => point.path)
  const graphed = row.points.filter(drawable).map((point) => point.path)
  return (
    <tr>
      <th scope="row">
        {graphed.length
          ? <a href={printGraph({ paths: graphed, from: '-6h', to: 'now' })}>{row.label}</a>
          : row.label}
        {row.unit && <span class="unit narrow-unit">{scale.prefix}{row.unit}</span>}
      </th>
      {row.points.map((point, at) => (
        <td key={at} class="number"><Figure point={point} scale={scale} pad={point ? pad : undefined} /></td>
      ))}
      <td class="unit-cell">{scale.prefix}{row.unit}</td>
      <td class="spark-cell">{sparks.length > 0 && <Spark store={hour} paths={sparks} name={row.label} counter={counter} />}</td>
      <td class="age-cell"><Age paths={paths} /></td>
    </tr>
  )
}

/** Enough room behind the point for the finest quantity of the table, whatever its prefix is now. */
function padOf(family: MeterFamily): number {
  return Math.max(0, ...family.quantities.map((row) => Math.max(row.decimals, row.decimals ? scaledDecimals(row.decimals, { divisor: 1e3, prefix: 'k' }) : 0)))
}

export function MeterTable({ family, hour }: { family: MeterFamily; hour: HourStore }) {
  const pad = padOf(family)
  return (
    <table class="readings meter-table">
      <thead>
        <tr>
          <th scope="col">{t.device.quantity}</th>
          {family.components.map((component) => (
            <th scope="col" class="number" key={component.name} data-why={componentName(component)}>
              {t.componentShort[component.name] ?? componentName(component)}
            </th>
          ))}
          <th scope="col" class="unit-cell"><span class="hidden">{t.device.unit}</span></th>
          <th scope="col" class="spark-cell">{t.device.lastHour}</th>
          <th scope="col" class="age-cell">{t.device.age}</th>
        </tr>
      </thead>
      <tbody>
        {family.quantities.map((row) => <QuantityRow key={row.quantity} row={row} pad={pad} hour={hour} />)}
      </tbody>
    </table>
  )
}
