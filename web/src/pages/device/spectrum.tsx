// Individual harmonics: closed until somebody looks, then a spectrum with orders down and phases across.
import { useEffect, useState } from 'preact/hooks'
import type { Point } from '../../api/types'
import { known } from '../../format/value'
import { componentName } from '../../model/names'
import { values } from '../../model/values'
import { LoadBar } from '../../parts/bar'
import { Age, Figure } from '../../parts/figure'
import { printGraph } from '../../route/graph-state'
import { t } from '../../text'
import type { SpectrumFamily } from './families'

type Row = SpectrumFamily['orders'][number]

function pathsOf(rows: Row[]): string[] {
  return rows.flatMap((row) => row.points.flatMap((point) => (point ? [point.path] : [])))
}

/** All bars share one scale, the largest harmonic of all phases; it grows at once and shrinks only by half, so that bars do not jump. */
function useLargest(paths: string[]): number {
  const [largest, setLargest] = useState(0)
  useEffect(() => {
    const look = () => setLargest((before) => {
      let most = 0
      for (const path of paths) {
        const value = values.get(path)
        if (known(value)) most = Math.max(most, value.value)
      }
      return most > before || most < before / 2 ? most : before
    })
    look()
    return values.batch.subscribe(look)
  }, [paths.join('\n')])
  return largest
}

function OrderRow({ row, largest }: { row: Row; largest: number }) {
  const graphed = row.points.flatMap((point: Point | undefined) => (point ? [point.path] : []))
  return (
    <tr>
      <th scope="row" class="number">
        <a href={printGraph({ paths: graphed, from: '-6h', to: 'now' })} aria-label={row.label}>{row.order}</a>
      </th>
      {row.points.map((point, at) => (
        <td key={at} class="number spectrum-cell">
          <LoadBar point={point} rating={largest} /><Figure point={point} pad={point?.decimals} />
        </td>
      ))}
    </tr>
  )
}

function Spectrum({ family }: { family: SpectrumFamily }) {
  const paths = pathsOf(family.orders)
  const largest = useLargest(paths)
  return (
    <table class="readings spectrum">
      <thead>
        <tr>
          <th scope="col" class="number">{t.device.order}</th>
          {family.components.map((component) => (
            <th scope="col" class="number" key={component.name}>
              {t.componentShort[component.name] ?? componentName(component)} <span class="unit">%</span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{family.orders.map((row) => <OrderRow key={row.order} row={row} largest={largest} />)}</tbody>
      <tfoot><tr><td class="age-cell" colSpan={family.components.length + 1}>{t.device.age} <Age paths={paths} /></td></tr></tfoot>
    </table>
  )
}

export function SpectrumPanel({ family, id }: { family: SpectrumFamily; id: string }) {
  const [open, setOpen] = useState(false)
  const title = t.kinds[family.kind] ?? family.kind
  const orders = family.orders.map((row) => row.order)
  return (
    <details class="panel family spectrum-panel" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <h2 id={id}>{title}</h2>
        <span class="quiet-word">{t.device.orders(orders.length, orders[0]!, orders[orders.length - 1]!)}</span>
      </summary>
      {open && <div class="scroll" tabIndex={0} role="region" aria-label={title}><Spectrum family={family} /></div>}
    </details>
  )
}
