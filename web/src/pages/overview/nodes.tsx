// What stands in the single-line diagram: a meter, a PDU with its phases and circuits, a supply with its battery.
import type { Component, Device } from '../../api/types'
import { componentName } from '../../model/names'
import { componentNamed, componentsOf, pointOf, powerPoint } from '../../model/site'
import { AlarmMark } from '../../parts/alarm-marks'
import { LoadBar } from '../../parts/bar'
import { BatteryPicture, flowWord, useBattery } from '../../parts/battery'
import { Figure } from '../../parts/figure'
import { StateMark } from '../../parts/marks'
import { OutletDots, outletsOf } from '../../parts/outlet-strip'
import { Imbalance, Phase, phasesOf } from '../../parts/phase-bars'
import { deviceAddress } from '../../route/route'
import { t } from '../../text'

function Title({ device }: { device: Device }) {
  return (
    <span class="node-title">
      <StateMark state={device.state} />
      <a href={deviceAddress(device.name)}>{device.name}</a>
      <AlarmMark path={device.name} />
      <span class="hidden">, {t.deviceState[device.state]}</span>
      {device.label && <span class="node-label">{device.label}</span>}
    </span>
  )
}

/** Name, power, current; the last makes room for an age. */
export function MeterNode({ device }: { device: Device }) {
  const current = pointOf(componentNamed(device, 'total'), 'current')
  return (
    <>
      <Title device={device} />
      <span class="node-power"><Figure point={powerPoint(device)} unit aged /></span>
      {current && <span class="node-more"><Figure point={current} unit most={1} /></span>}
    </>
  )
}

/** As a meter, with its outlets as dots. */
export function StripNode({ device }: { device: Device }) {
  return <><MeterNode device={device} /><OutletDots outlets={outletsOf(device)} /></>
}

/** Its current against its breaker, and its outlets as dots. */
function Circuit({ circuit, outlets }: { circuit: Component; outlets: Component[] }) {
  const current = pointOf(circuit, 'current')
  return (
    <div class="circuit">
      <span class="circuit-name" data-why={componentName(circuit)}>{circuit.number ?? circuit.name}</span>
      <LoadBar point={current} rating={circuit.rated_current} />
      <span class="circuit-figure"><Figure point={current} unit most={1} /></span>
      <OutletDots outlets={outlets} />
    </div>
  )
}

/** Circuits below the phase that feeds them; a unit without phases has one column of all. */
function Circuits({ device, phases }: { device: Device; phases: Component[] }) {
  const circuits = componentsOf(device, 'circuit')
  const outlets = outletsOf(device)
  if (!circuits.length) return outlets.length ? <OutletDots outlets={outlets} /> : null
  const fed = (name: string) => circuits.filter((circuit) => circuit.fed_by === name)
  const grouped = phases.some((phase) => fed(phase.name).length)
  const columns = grouped
    ? phases.map((phase) => fed(phase.name))
    : [0, 1, 2].map((column) => circuits.filter((_, at) => at % 3 === column))
  return (
    <div class="circuits">
      {columns.map((column, at) => (
        <div class="circuit-column" key={at}>
          {column.map((circuit) => (
            <Circuit key={circuit.name} circuit={circuit}
              outlets={outlets.filter((outlet) => outlet.fed_by === circuit.name)} />
          ))}
        </div>
      ))}
    </div>
  )
}

export function PduNode({ device }: { device: Device }) {
  const phases = phasesOf(device)
  return (
    <>
      <div class="node-head">
        <Title device={device} />
        <Imbalance phases={phases} />
        <span class="node-power"><Figure point={powerPoint(device)} unit aged /></span>
      </div>
      {phases.length > 0 && (
        <div class="phases" role="group" aria-label={t.overview.balance}>
          {phases.map((phase) => <Phase key={phase.name} phase={phase} />)}
        </div>
      )}
      <Circuits device={device} phases={phases} />
    </>
  )
}

/** Towards the battery while it charges, away from it while it feeds. */
function FlowArrow({ battery }: { battery: Component }) {
  const { flow } = useBattery(battery)
  const words = flow === 'in' ? t.overview.charging : flow === 'out' ? t.overview.discharging : t.overview.resting
  return (
    <svg class={`flow ${flow}`} viewBox="0 0 30 12" role="img" aria-label={words}>
      <path class="line" d="M2 6h26" />
      {flow === 'in' && <path class="tip" d="M20 1l9 5-9 5z" />}
      {flow === 'out' && <path class="tip" d="M10 1L1 6l9 5z" />}
    </svg>
  )
}

function BatteryName({ battery }: { battery: Component }) {
  const { flow, charging } = useBattery(battery)
  return <span class="part-name">{t.overview.battery}{flow !== 'unknown' && `, ${flowWord(flow, charging)}`}</span>
}

/** The first output that measures stands for the loads. */
function LoadsPart({ device }: { device: Device }) {
  const loads = componentsOf(device, 'output').find((output) => pointOf(output, 'current') || pointOf(output, 'real-power'))
  if (!loads) return null
  return (
    <div class="part loads">
      <span class="part-name">{loads.label || t.overview.loads}</span>
      <Figure point={pointOf(loads, 'real-power') ?? pointOf(loads, 'voltage')} unit />
      <Figure point={pointOf(loads, 'current')} unit most={1} />
    </div>
  )
}

export function SupplyNode({ device }: { device: Device }) {
  const supply = componentNamed(device, 'supply')
  const battery = componentNamed(device, 'battery')
  return (
    <>
      <div class="node-head">
        <Title device={device} />
        <span class="node-power"><Figure point={powerPoint(device)} unit aged /></span>
      </div>
      <div class="supply-parts">
        <div class="part">
          <span class="part-name">{t.component.supply}</span>
          <Figure point={pointOf(supply, 'voltage')} unit />
          <Figure point={pointOf(supply, 'current')} unit most={1} />
        </div>
        {battery && <FlowArrow battery={battery} />}
        {battery && (
          <div class="part battery-part">
            <BatteryName battery={battery} />
            <BatteryPicture battery={battery} />
          </div>
        )}
        <LoadsPart device={device} />
      </div>
    </>
  )
}
