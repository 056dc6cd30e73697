// A wire with its flow: thicker for more power, a chevron for the direction, dashed when nobody knows.
import type { Device } from '../../api/types'
import { known } from '../../format/value'
import { powerPoint } from '../../model/site'
import { useValue } from '../../model/values'
import type { Wire } from './layout'

/** Power that makes the thickest wire is the site's own; each tenth of it is visibly thinner. */
export function wireWidth(watts: number, most: number): number {
  if (!(watts > 0) || !(most > 0)) return 1.25
  const share = Math.min(watts / most, 1)
  return 1.25 + 3.25 * Math.sqrt(share)
}

function pathOf(points: [number, number][]): string {
  return points.map(([x, y], at) => `${at ? 'L' : 'M'}${x} ${y}`).join('')
}

/** At the end of the last stretch, pointing along it. */
function Chevron({ points, back }: { points: [number, number][]; back: boolean }) {
  const end = points[points.length - 1]
  const before = points[points.length - 2]
  if (!end || !before) return null
  const [x, y] = end
  const across = before[1] === y
  const turn = (across ? (x < before[0] ? 180 : 0) : 90) + (back ? 180 : 0)
  return <path class="chevron" d="M-8-5L0 0l-8 5z" transform={`translate(${x} ${y}) rotate(${turn})${back ? ' translate(8 0)' : ''}`} />
}

/** A silent device's last power is no flow: its wire is dashed like any unknown. */
export function WireLine({ wire, device, most }: { wire: Wire; device: Device | undefined; most: number }) {
  const value = useValue(device ? powerPoint(device)?.path : null)
  if (!device) return <path class={wire.bus ? 'wire bus' : 'wire'} d={pathOf(wire.points)} />
  const watts = known(value) && device.state !== 'silent' ? value.value : null
  const shape = watts === null ? 'wire unknown' : watts === 0 ? 'wire empty' : 'wire'
  return (
    <g>
      <path class={shape} d={pathOf(wire.points)} stroke-width={wireWidth(Math.abs(watts ?? 0), most)} />
      {!!watts && <Chevron points={wire.points} back={watts < 0} />}
    </g>
  )
}
