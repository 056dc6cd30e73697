// How the components of a device are put into tables: what is compared with each other stands together.
import type { Component, Device, Point } from '../../api/types'

const ELECTRIC = new Set(['total', 'phase', 'line', 'neutral'])
const ROW_KINDS = ['circuit', 'outlet', 'group']
/** Quantities by which people look at a row first. */
const PRIMARY = ['real-power', 'current', 'voltage', 'charge', 'temperature', 'energy']

/** Quantities downwards, total and phases across: how a meter shows itself. */
export interface MeterFamily {
  shape: 'meter'
  kind: 'electric'
  components: Component[]
  quantities: { quantity: string; label: string; unit: string; decimals: number; points: (Point | undefined)[] }[]
}

/** Components downwards, quantities across: circuits, outlets. */
export interface RowFamily {
  shape: 'rows'
  kind: string
  components: Component[]
  columns: { quantity: string; label: string; unit: string; decimals: number; kind: Point['kind'] }[]
}

/** One row per point: supply, battery, inputs, sensors. */
export interface ListFamily {
  shape: 'list'
  kind: string
  components: Component[]
}

/** Individual harmonics: orders downwards, components across. */
export interface SpectrumFamily {
  shape: 'spectrum'
  kind: 'harmonic-voltage' | 'harmonic-current'
  components: Component[]
  orders: { order: number; label: string; points: (Point | undefined)[] }[]
}

export type Family = MeterFamily | RowFamily | ListFamily | SpectrumFamily

const HARMONIC = /^(harmonic-voltage|harmonic-current)-(\d+)$/

/** The total is what people look for first; the lines between phases come last. */
const ACROSS = ['total', 'phase', 'neutral', 'line']

/** A hole in the table where one phase measures what another does not. */
function meterFamily(unordered: Component[]): MeterFamily {
  const components = [...unordered].sort((a, b) =>
    ACROSS.indexOf(a.kind) - ACROSS.indexOf(b.kind) || a.name.localeCompare(b.name))
  const rows = new Map<string, MeterFamily['quantities'][number]>()
  components.forEach((component, at) => {
    for (const point of component.points) {
      let row = rows.get(point.quantity)
      if (!row) {
        const { quantity, label, unit, decimals } = point
        rows.set(quantity, (row = { quantity, label, unit, decimals, points: components.map(() => undefined) }))
      }
      row.points[at] = point
    }
  })
  return { shape: 'meter', kind: 'electric', components, quantities: [...rows.values()] }
}

function rowFamily(kind: string, components: Component[]): RowFamily {
  const columns = new Map<string, RowFamily['columns'][number]>()
  for (const { points } of components) {
    for (const point of points) {
      if (columns.has(point.quantity)) continue
      const { quantity, label, unit, decimals, kind: pointKind } = point
      columns.set(quantity, { quantity, label, unit, decimals, kind: pointKind })
    }
  }
  // The state first: whether it is on comes before how much it takes.
  const ordered = [...columns.values()].sort((a, b) => Number(b.kind === 'state') - Number(a.kind === 'state'))
  const sorted = [...components].sort((a, b) => (a.number ?? 0) - (b.number ?? 0))
  return { shape: 'rows', kind, components: sorted, columns: ordered }
}

/** What is left when harmonics have a table of their own: sixty rows of them would bury the rest. */
function withoutHarmonics(component: Component): Component {
  const points = component.points.filter((point) => !HARMONIC.test(point.quantity))
  return points.length === component.points.length ? component : { ...component, points }
}

function spectrumFamily(kind: SpectrumFamily['kind'], device: Device): SpectrumFamily | null {
  const rows = new Map<number, SpectrumFamily['orders'][number]>()
  const harmonic = (point: Point) => HARMONIC.exec(point.quantity)?.[1] === kind
  const components = device.components.filter((component) => component.points.some(harmonic))
  components.forEach((component, at) => {
    for (const point of component.points.filter(harmonic)) {
      const order = Number(HARMONIC.exec(point.quantity)![2])
      let row = rows.get(order)
      if (!row) rows.set(order, (row = { order, label: point.label, points: components.map(() => undefined) }))
      row.points[at] = point
    }
  })
  if (!rows.size) return null
  return { shape: 'spectrum', kind, components, orders: [...rows.values()].sort((a, b) => a.order - b.order) }
}

/** Every component in exactly one table, its harmonics in one more. */
export function familiesOf(whole: Device): Family[] {
  const families: Family[] = []
  const device = { ...whole, components: whole.components.map(withoutHarmonics) }
  const electric = device.components.filter((component) => ELECTRIC.has(component.kind) || component.name === 'total')
  if (electric.length) families.push(meterFamily(electric))
  for (const kind of ROW_KINDS) {
    const some = device.components.filter((component) => component.kind === kind)
    if (some.length) families.push(rowFamily(kind, some))
  }
  const rest = device.components.filter((component) => !electric.includes(component) && !ROW_KINDS.includes(component.kind))
  for (const kind of new Set(rest.map((component) => component.kind))) {
    families.push({ shape: 'list', kind, components: rest.filter((component) => component.kind === kind) })
  }
  for (const kind of ['harmonic-voltage', 'harmonic-current'] as const) {
    const family = spectrumFamily(kind, whole)
    if (family) families.push(family)
  }
  // Wide tables last: what is small stands beside the measured values.
  return families.sort((a, b) => Number(a.shape === 'rows') - Number(b.shape === 'rows'))
}

/** States and texts have no line to draw. */
export function drawable(point: Point | undefined): point is Point {
  return !!point && (point.kind === 'gauge' || point.kind === 'counter')
}

export function primaryPoint(component: Component): Point | undefined {
  for (const quantity of PRIMARY) {
    const point = component.points.find((one) => one.quantity === quantity)
    if (point) return point
  }
  return component.points.find(drawable)
}

/** Paths whose last hour is drawn on the page of a device. */
export function sparkPaths(families: Family[]): string[] {
  const paths: string[] = []
  for (const family of families) {
    if (family.shape === 'meter') {
      for (const { points } of family.quantities) for (const point of sparkPoints(points)) paths.push(point.path)
    } else if (family.shape === 'rows') {
      for (const component of family.components) {
        const point = primaryPoint(component)
        if (drawable(point)) paths.push(point.path)
      }
    } else if (family.shape === 'list') {
      for (const { points } of family.components) for (const point of points) if (drawable(point)) paths.push(point.path)
    }
  }
  return paths
}

/** The total where there is one, else the phases on one scale. */
export function sparkPoints(points: (Point | undefined)[]): Point[] {
  const [first, ...rest] = points
  if (drawable(first)) return [first]
  return rest.filter(drawable).slice(0, 3)
}
