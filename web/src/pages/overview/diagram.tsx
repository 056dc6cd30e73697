// The single-line diagram: wires in SVG, what stands on them as text that can be read, linked and focused.
import { useMemo, useRef } from 'preact/hooks'
import type { Device, Site } from '../../api/types'
import { useCell } from '../../base/cell'
import { useWidth } from '../../base/use-width'
import { figure } from '../../format/number'
import { mainsPower } from '../../model/power'
import { feedTree, powerPoint } from '../../model/site'
import { values } from '../../model/values'
import { useHour } from '../../parts/hour'
import { Spark } from '../../parts/spark'
import { t } from '../../text'
import { isStrip, layOut, type Box, type Drawing } from './layout'
import { MeterNode, PduNode, StripNode, SupplyNode } from './nodes'
import { WireLine } from './wire'

function Node({ device }: { device: Device }) {
  if (isStrip(device)) return <StripNode device={device} />
  if (device.role === 'pdu') return <PduNode device={device} />
  if (device.role === 'supply') return <SupplyNode device={device} />
  return <MeterNode device={device} />
}

/** With every batch: only the figure and the wires depend on it, not the boxes. */
function useMainsPower(site: Site): number | null {
  useCell(values.batch)
  return mainsPower(site.devices, (path) => values.get(path))
}

function MainsNode({ site }: { site: Site }) {
  const watts = useMainsPower(site)
  const [only, ...others] = feedTree(site.devices)
  // With one incomer its last hour is the site's.
  const point = only && !others.length ? powerPoint(only.device) : undefined
  const paths = point ? [point.path] : []
  const hour = useHour(paths)
  return (
    <>
      <svg class="source" viewBox="0 0 28 28" aria-hidden="true">
        <circle cx="14" cy="14" r="12" /><path d="M7 14c2.300-6 4.700-6 7 0s4.700 6 7 0" />
      </svg>
      <span class="mains-words">
        <span class="part-name">{t.overview.mains}</span>
        <span class="node-power"><span class="figure">{watts === null ? t.value.none : figure(watts, 'W', 1)}</span></span>
      </span>
      {point && <Spark store={hour} paths={paths} name={t.overview.mains} />}
    </>
  )
}

/** Set from script, property by property: the page's policy allows no style attributes in its text. */
function frame(box: Box) {
  return {
    insetInlineStart: `${box.x}px`, top: `${box.y}px`, inlineSize: `${box.width}px`, blockSize: `${box.height}px`,
  }
}

function Wires({ site, drawing }: { site: Site; drawing: Drawing }) {
  const watts = useMainsPower(site)
  const named = new Map(site.devices.map((device) => [device.name, device]))
  // A drawing is mirrored as a whole where text runs from right to left.
  const mirror = t.direction === 'rtl' ? `translate(${drawing.width} 0) scale(-1 1)` : undefined
  return (
    <svg class="wires" width={drawing.width} height={drawing.height} aria-hidden="true">
      <g transform={mirror}>
        {drawing.wires.map((wire, at) => (
          <WireLine key={wire.name ?? `bus ${at}`} wire={wire} most={watts ?? 0}
            device={wire.name ? named.get(wire.name) : undefined} />
        ))}
      </g>
    </svg>
  )
}

export function Diagram({ site }: { site: Site }) {
  const sheet = useRef<HTMLDivElement>(null)
  const width = useWidth(sheet, 900)
  const roots = useMemo(() => feedTree(site.devices), [site])
  const drawing = useMemo(() => layOut(roots, width), [roots, width])
  const named = new Map(site.devices.map((device) => [device.name, device]))
  return (
    <div class={drawing.compact ? 'diagram compact' : 'diagram'} ref={sheet} role="group" aria-label={t.overview.flowText}>
      <div class="sheet" style={{ blockSize: `${drawing.height}px` }}>
        <Wires site={site} drawing={drawing} />
        {drawing.boxes.map((box) => {
          const device = named.get(box.name)
          const shape = device ? `node ${isStrip(device) ? 'meter strip' : device.role} ${device.state}` : 'node mains'
          return (
            <div key={box.name} class={shape} style={frame(box)} data-device={device?.name}>
              {device ? <Node device={device} /> : <MainsNode site={site} />}
            </div>
          )
        })}
      </div>
    </div>
  )
}
