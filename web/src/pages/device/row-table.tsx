// Circuits and outlets: one row each, one column per quantity, the prefix chosen once per column.
import type { Component } from '../../api/types'
import { chooseScale, scaledDecimals, type Scale } from '../../format/number'
import { useCell } from '../../base/cell'
import { componentName } from '../../model/names'
import { unpowered } from '../../model/powered'
import { pointOf } from '../../model/site'
import { Age, Figure, useColumnScale } from '../../parts/figure'
import type { HourStore } from '../../parts/hour'
import { outletState } from '../../parts/outlet-strip'
import { Spark } from '../../parts/spark'
import { useValue } from '../../model/values'
import { printGraph } from '../../route/graph-state'
import { t } from '../../text'
import { drawable, primaryPoint, type RowFamily } from './families'

type Column = RowFamily['columns'][number]

function useScales(family: RowFamily): Scale[] {
  // The number of columns of a family never changes while it is shown: the page is keyed by device.
  return family.columns.map((column) =>
    useColumnScale(column.unit, family.components.map((one) => pointOf(one, column.quantity)?.path ?? '')))
}

function StateCell({ component, quantity }: { component: Component; quantity: string }) {
  const point = pointOf(component, quantity)
  const value = useValue(point?.path)
  const state = outletState(value)
  const dead = useCell(unpowered).get((point?.path ?? '').replace(/\/state$/, ''))
  const isDead = state === 'on' && dead !== undefined
  return (
    <td class="state-cell">
      <span class={`dot ${state}${isDead ? ' dead' : ''}`} aria-hidden="true" /><Figure point={point} />
      {isDead && <span class="amber-word" data-why={dead || undefined} tabIndex={0}>{t.control.noPower}</span>}
    </td>
  )
}

interface RowProps {
  component: Component
  columns: Column[]
  scales: Scale[]
  hour: HourStore
}

function Row({ component, columns, scales, hour }: RowProps) {
  const primary = primaryPoint(component)
  const graphed = component.points.filter((point) => point.quantity === 'real-power' || point.quantity === 'current')
  const name = component.label || componentName(component)
  return (
    <tr id={component.name}>
      <td class="ordinal">{component.number ?? ''}</td>
      <th scope="row">
        {graphed.length ? <a href={printGraph({ paths: graphed.map((point) => point.path), from: '-6h', to: 'now' })}>{name}</a> : name}
      </th>
      {columns.map((column, at) => column.kind === 'state'
        ? <StateCell key={column.quantity} component={component} quantity={column.quantity} />
        : (
          <td class="number" key={column.quantity}>
            <Figure point={pointOf(component, column.quantity)} scale={scales[at]} pad={scaledDecimals(column.decimals, scales[at]!)} />
          </td>
        ))}
      <td class="spark-cell">{drawable(primary) && <Spark store={hour} paths={[primary.path]} name={name} />}</td>
      <td class="age-cell"><Age paths={component.points.map((point) => point.path)} /></td>
    </tr>
  )
}

/** Room for the largest prefix is not kept: rows share one scale, so they align without it. */
export function RowTable({ family, hour }: { family: RowFamily; hour: HourStore }) {
  const scales = useScales(family)
  return (
    <table class="readings row-table">
      <thead>
        <tr>
          <th scope="col" class="ordinal"><span class="hidden">№</span></th>
          <th scope="col">{t.device.name}</th>
          {family.columns.map((column, at) => (
            <th scope="col" key={column.quantity} class={column.kind === 'state' ? 'state-cell' : 'number'}>
              {column.label}{column.unit && <span class="unit">{(scales[at] ?? chooseScale('', 0)).prefix}{column.unit}</span>}
            </th>
          ))}
          <th scope="col" class="spark-cell">{t.device.lastHour}</th>
          <th scope="col" class="age-cell">{t.device.age}</th>
        </tr>
      </thead>
      <tbody>
        {family.components.map((component) => (
          <Row key={component.name} component={component} columns={family.columns} scales={scales} hour={hour} />
        ))}
      </tbody>
    </table>
  )
}
