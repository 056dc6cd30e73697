// Where everything of the single-line diagram stands. Pure: sizes in, boxes and lines out.
import type { Device } from '../../api/types'
import type { TreeNode } from '../../model/site'
import { componentsOf } from '../../model/site'

export interface Box {
  /** Device name, or `mains`. */
  name: string
  x: number
  y: number
  width: number
  height: number
}

export interface Wire {
  /** Whose power flows here: a device name, or null for a bus. */
  name: string | null
  points: [number, number][]
  bus?: boolean
}

export interface Drawing {
  width: number
  height: number
  boxes: Box[]
  wires: Wire[]
}

export const MAINS = { width: 320, height: 50 }
const METER = { width: 164, height: 64 }
/** A strip of a few outlets: a meter with its dots. */
const STRIP = { width: METER.width, height: 84 }
const STRIP_OUTLETS = 10
const SUPPLY = { width: 282, height: 134 }
const PDU_WIDTH = 404
const GAP = 14
/** From a box down to the bus below it, and from the bus to the boxes on it. */
const DROP = 20
const INDENT = 20
/** Room for the wire beside boxes that stand above each other. */
const RISER = 14
/** What hangs below a box in a stack stands so far to the side. */
const NESTED = 14
const MOST_STACKED = 6

/** Circuits of the fullest phase decide how tall a PDU is. */
function circuitRows(device: Device): number {
  const circuits = componentsOf(device, 'circuit')
  if (!circuits.length) return componentsOf(device, 'outlet').length ? 1 : 0
  const perPhase = new Map<string, number>()
  for (const { fed_by } of circuits) perPhase.set(fed_by ?? '', (perPhase.get(fed_by ?? '') ?? 0) + 1)
  const phased = [...perPhase.keys()].some((name) => name.startsWith('phase') || name.startsWith('line'))
  return phased ? Math.max(...perPhase.values()) : Math.ceil(circuits.length / 3)
}

/** A PDU with nothing to draw but its outlets takes no more room than a meter. */
export function isStrip(device: Device): boolean {
  const inside = device.components.some(({ kind }) => kind === 'phase' || kind === 'line' || kind === 'circuit')
  return device.role === 'pdu' && !inside && componentsOf(device, 'outlet').length <= STRIP_OUTLETS
}

/** In pixels; the style sheet fills the boxes and never outgrows them. */
export function sizeOf(device: Device): { width: number; height: number } {
  if (isStrip(device)) return STRIP
  if (device.role === 'pdu') return { width: PDU_WIDTH, height: 88 + circuitRows(device) * 46 }
  if (device.role === 'supply') return SUPPLY
  return METER
}

/** One device with what hangs below it, or several plain ones above each other. */
interface Column {
  nodes: TreeNode[]
  width: number
}

/** A box without an inside. */
function isSmall({ device }: TreeNode): boolean {
  return isStrip(device) || (device.role !== 'pdu' && device.role !== 'supply')
}

/** A small box with small ones below it at most: such may stand above each other, what is below indented. */
function plain(node: TreeNode): boolean {
  return isSmall(node) && node.children.every((child) => isSmall(child) && !child.children.length)
}

/** So many boxes it is in a stack. */
function boxesOf(node: TreeNode): number {
  return 1 + node.children.length
}

/** Branches first, each in a column; then the plain ones, `stack` to a column. */
function columnsOf(children: TreeNode[], stack: number): Column[] {
  const columns: Column[] = []
  const leaves = children.filter(plain)
  for (const node of children) if (!plain(node)) columns.push({ nodes: [node], width: widthOf(node, stack) })
  for (const nodes of stacksOf(leaves, stack)) {
    // Alone it hangs as every branch does.
    columns.push({ nodes, width: nodes.length === 1 ? widthOf(nodes[0]!, stack) : METER.width + RISER })
  }
  return columns
}

/** In their order; a stack is full with `most` boxes. */
function stacksOf(leaves: TreeNode[], most: number): TreeNode[][] {
  const stacks: TreeNode[][] = []
  let room = 0
  for (const node of leaves) {
    if (boxesOf(node) > room) {
      stacks.push([])
      room = most
    }
    stacks[stacks.length - 1]!.push(node)
    room -= boxesOf(node)
  }
  return stacks
}

function total(columns: Column[]): number {
  return columns.reduce((sum, column) => sum + column.width, 0) + GAP * Math.max(0, columns.length - 1)
}

function widthOf(node: TreeNode, stack: number): number {
  return Math.max(sizeOf(node.device).width, total(columnsOf(node.children, stack)))
}

/** Collects boxes and wires while walking down the tree. */
class Hanging {
  readonly boxes: Box[] = []
  readonly wires: Wire[] = []
  bottom = 0

  constructor(private readonly stack: number) {}

  private box(name: string, x: number, y: number, width: number, height: number): void {
    this.boxes.push({ name, x, y, width, height })
    this.bottom = Math.max(this.bottom, y + height)
  }

  /** Places a box centred on `middle` and everything it feeds below. */
  node(node: TreeNode, left: number, width: number, y: number): number {
    const size = sizeOf(node.device)
    const middle = left + width / 2
    this.box(node.device.name, middle - size.width / 2, y, size.width, size.height)
    this.children(node.children, left, width, y + size.height, middle)
    return middle
  }

  children(children: TreeNode[], left: number, width: number, y: number, from: number): void {
    const columns = columnsOf(children, this.stack)
    if (!columns.length) return
    const busY = y + DROP
    const top = columns.length > 1 ? busY + DROP : y + DROP * 1.5
    const taps: number[] = []
    let x = left + (width - total(columns)) / 2
    for (const column of columns) {
      taps.push(this.column(column, x, columns.length > 1 ? busY : y, top))
      x += column.width + GAP
    }
    if (columns.length > 1) {
      this.wires.push({ name: null, points: [[from, y], [from, busY]] })
      const ends = [...taps, from]
      this.wires.push({ name: null, bus: true, points: [[Math.min(...ends) - 10, busY], [Math.max(...ends) + 10, busY]] })
    }
  }

  private column(column: Column, x: number, fromY: number, top: number): number {
    const [first] = column.nodes
    if (column.nodes.length === 1 && first) {
      const middle = this.node(first, x, column.width, top)
      this.wires.push({ name: first.device.name, points: [[middle, fromY], [middle, top]] })
      return middle
    }
    const riser = x + 1
    let y = top
    // What is below another is narrower by its indent: the column stays as wide as it is.
    const hang = ({ device }: TreeNode, indent: number, wireX: number, wireY: number) => {
      const { width, height } = sizeOf(device)
      const left = x + RISER + indent
      this.box(device.name, left, y, width - indent, height)
      this.wires.push({ name: device.name, points: [[wireX, wireY], [wireX, y + METER.height / 2], [left, y + METER.height / 2]] })
      y += height + 8
    }
    for (const node of column.nodes) {
      hang(node, 0, riser, fromY)
      const below = y - 8
      for (const child of node.children) hang(child, NESTED, x + RISER + NESTED / 2, below)
    }
    return riser
  }
}

/** Mains on top, everything below what feeds it. */
function hanging(roots: TreeNode[], width: number, stack: number): Drawing {
  const drawing = new Hanging(stack)
  const needed = total(columnsOf(roots, stack))
  // The mains stand over what they feed, not in the middle of an empty sheet.
  const left = Math.max(0, (width - needed) / 2)
  const middle = left + needed / 2
  drawing.boxes.push({ name: 'mains', x: middle - MAINS.width / 2, y: 0, ...MAINS })
  drawing.children(roots, left, needed, MAINS.height, middle)
  return { width, height: drawing.bottom, boxes: drawing.boxes, wires: drawing.wires }
}

/** The same tree as an indented list, for a phone and for sites wider than any screen. */
function listed(roots: TreeNode[], width: number): Drawing {
  const boxes: Box[] = [{ name: 'mains', x: 0, y: 0, width, height: 44 }]
  const wires: Wire[] = []
  let y = 44
  const place = (nodes: TreeNode[], depth: number, fromY: number) => {
    const riser = (depth - 1) * INDENT + 8
    for (const node of nodes) {
      const x = Math.min(depth, 4) * INDENT
      const height = node.device.role === 'meter' || isStrip(node.device) || plain(node) ? 46 : sizeOf(node.device).height
      y += 8
      boxes.push({ name: node.device.name, x, y, width: width - x, height })
      wires.push({ name: node.device.name, points: [[riser, fromY], [riser, y + 22], [x, y + 22]] })
      y += height
      place(node.children, depth + 1, y)
    }
  }
  place(roots, 1, 44)
  return { width, height: y, boxes, wires }
}

/** Stacks plain meters only as far as the width asks for. */
export function layOut(roots: TreeNode[], width: number): Drawing & { compact: boolean } {
  for (let stack = 1; stack <= MOST_STACKED; stack++) {
    if (total(columnsOf(roots, stack)) <= width - 4) return { ...hanging(roots, width, stack), compact: false }
  }
  return { ...listed(roots, width), compact: true }
}
