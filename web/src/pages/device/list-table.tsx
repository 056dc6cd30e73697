// One row per point, for components that have little in common: supply, battery, inputs, sensors.
import type { Component, Point } from '../../api/types'
import { componentName } from '../../model/names'
import { Age, Figure, useColumnScale } from '../../parts/figure'
import type { HourStore } from '../../parts/hour'
import { Spark } from '../../parts/spark'
import { span } from '../../format/time'
import { known } from '../../format/value'
import { useValue } from '../../model/values'
import { printGraph } from '../../route/graph-state'
import { t } from '../../text'
import { drawable, type ListFamily } from './families'

const SHOWN_AS_SPAN = new Set(['s'])

/** Seconds of time left are read as hours and minutes. */
function Duration({ point }: { point: Point }) {
  const value = useValue(point.path)
  if (!known(value) || value.quality !== 'good') return <Figure point={point} />
  return <span class="figure">{span(value.value * 1000)}</span>
}

function PointRow({ component, point, pad, named, hour }: {
  component: Component; point: Point; pad: number; named: boolean; hour: HourStore
}) {
  const scale = useColumnScale(point.unit, [point.path])
  const asSpan = SHOWN_AS_SPAN.has(point.unit)
  const numeric = drawable(point) && !asSpan
  const label = named ? `${componentName(component)}: ${point.label.toLowerCase()}` : point.label
  return (
    <tr>
      <th scope="row">
        {drawable(point) ? <a href={printGraph({ paths: [point.path], from: '-6h', to: 'now' })}>{label}</a> : label}
      </th>
      <td class="number">
        {asSpan ? <Duration point={point} /> : <Figure point={point} scale={scale} pad={numeric ? pad : undefined} />}
      </td>
      <td class="unit-cell">{asSpan ? '' : `${scale.prefix}${point.unit}`}</td>
      <td class="spark-cell">{drawable(point) && <Spark store={hour} paths={[point.path]} name={label} counter={point.kind === 'counter'} />}</td>
      <td class="age-cell"><Age paths={[point.path]} /></td>
    </tr>
  )
}

export function ListTable({ family, hour }: { family: ListFamily; hour: HourStore }) {
  const pad = Math.max(0, ...family.components.flatMap((one) => one.points.filter(drawable).map((point) => point.decimals)))
  const several = family.components.length > 1
  return (
    <table class="readings list-table">
      <thead>
        <tr>
          <th scope="col">{t.device.quantity}</th>
          <th scope="col" class="number">{t.device.values}</th>
          <th scope="col" class="unit-cell"><span class="hidden">{t.device.unit}</span></th>
          <th scope="col" class="spark-cell">{t.device.lastHour}</th>
          <th scope="col" class="age-cell">{t.device.age}</th>
        </tr>
      </thead>
      <tbody>
        {family.components.flatMap((component) => component.points.map((point) => (
          <PointRow key={point.path} component={component} point={point} pad={pad} named={several} hour={hour} />
        )))}
      </tbody>
    </table>
  )
}
