// One device: its state, its picture, every value with its last hour, and who it is.
import { useMemo } from 'preact/hooks'
import type { Device as DeviceData } from '../../api/types'
import { useCell } from '../../base/cell'
import { unitNow } from '../../base/clock'
import { moment, parseTime } from '../../format/time'
import { useAlarmsOf } from '../../model/alarms'
import { pointTitle } from '../../model/names'
import { useUnpowered } from '../../model/powered'
import { componentNamed, pointOf, powerPoint, site } from '../../model/site'
import { FirstAlarms } from '../../parts/alarm-row'
import { BatteryPicture } from '../../parts/battery'
import { Empty } from '../../parts/empty'
import { Age, Figure } from '../../parts/figure'
import { useHour, type HourStore } from '../../parts/hour'
import { StateWord } from '../../parts/marks'
import { OutletStrip, outletsOf } from '../../parts/outlet-strip'
import { Imbalance, Phase, phasesOf } from '../../parts/phase-bars'
import { printGraph } from '../../route/graph-state'
import { t } from '../../text'
import { Details } from './details'
import { Displays } from './displays'
import { familiesOf, sparkPaths, type Family } from './families'
import { ListTable } from './list-table'
import { MeterTable } from './meter-table'
import { RowTable } from './row-table'
import { SpectrumPanel } from './spectrum'
import { useTimes } from './use-times'

/** A breaker that opens shows within this time at the outlets behind it. */
const UNPOWERED_MS = 5_000

/** Is it on, since when, how much: before any table. */
function DeviceHead({ device }: { device: DeviceData }) {
  const zone = site.get()?.time_zone ?? 'UTC'
  const since = parseTime(device.since)
  const paths = device.components.flatMap((component) => component.points.map((point) => point.path))
  const power = powerPoint(device)
  return (
    <div class="title-row device-head">
      <h1>{device.name}</h1>
      {device.label && <p class="device-title">{device.label}</p>}
      <StateWord state={device.state} />
      {since !== null && <span class="quiet-word">{t.problem.since(moment(since, unitNow(), zone))}</span>}
      <span class="quiet-word">{t.device.answered} <Age paths={paths} /></span>
      <span class="spring" />
      {power && <span class="device-power"><Figure point={power} unit aged /></span>}
      {power && <a class="button quiet" href={printGraph({ paths: [power.path], from: '-6h', to: 'now' })}>{t.device.graphAll}</a>}
    </div>
  )
}

/** What people would rather look at than read, where the device has it. */
function Picture({ device }: { device: DeviceData }) {
  const phases = phasesOf(device).filter((phase) => phase.rated_current !== null)
  const outlets = outletsOf(device)
  const battery = componentNamed(device, 'battery')
  const charged = battery && pointOf(battery, 'charge')
  if (!phases.length && !outlets.length && !charged) return null
  return (
    <div class="pictures">
      {phases.length > 0 && (
        <div class="panel">
          <h2 id="phases">{t.device.phases} <Imbalance phases={phases} /></h2>
          <div class="phases">{phases.map((phase) => <Phase key={phase.name} phase={phase} />)}</div>
        </div>
      )}
      {battery && charged && (
        <div class="panel">
          <h2 id="battery">{t.device.battery}</h2>
          <BatteryPicture battery={battery} />
        </div>
      )}
      {outlets.length > 0 && (
        <div class="panel outlet-panel">
          <div class="panel-head"><h2 id="outlets">{t.device.outlets}</h2><span class="spring" /><a href="/control">{t.control.go}</a></div>
          <OutletStrip device={device} />
        </div>
      )}
    </div>
  )
}

function familyTitle(family: Family): string {
  const [only] = family.components
  if (family.components.length === 1 && only && family.shape === 'list') {
    return only.label || t.component[only.name] || pointTitle(only, '').trim() || only.name
  }
  return t.kinds[family.kind] ?? family.kind
}

/** A table wider than its place scrolls by itself, by keyboard too; the page never does. */
function FamilyPanel({ family, hour, id }: { family: Family; hour: HourStore; id: string }) {
  if (family.shape === 'spectrum') return <SpectrumPanel family={family} id={id} />
  const title = familyTitle(family)
  return (
    <div class="panel family">
      <h2 id={id}>{title}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label={title}>
        {family.shape === 'meter' && <MeterTable family={family} hour={hour} />}
        {family.shape === 'rows' && <RowTable family={family} hour={hour} />}
        {family.shape === 'list' && <ListTable family={family} hour={hour} />}
      </div>
    </div>
  )
}

function Body({ device }: { device: DeviceData }) {
  const alarms = useAlarmsOf(device.name)
  const families = useMemo(() => familiesOf(device), [device])
  useTimes(device.name)
  useUnpowered(outletsOf(device).length ? device.name : undefined, UNPOWERED_MS)
  const hour = useHour(useMemo(() => sparkPaths(families), [families]))
  return (
    <div class={`device ${device.role}`}>
      <DeviceHead device={device} />
      {device.state !== 'online' && device.reason && <p class="reason">{device.reason}</p>}
      <FirstAlarms alarms={alarms} href={`/alarms?device=${encodeURIComponent(device.name)}`} />
      <Picture device={device} />
      <div class={families.every((family) => family.shape === 'list') ? 'families lists' : 'families'}>
        {families.map((family) => <FamilyPanel key={family.kind} family={family} hour={hour} id={`family-${family.kind}`} />)}
      </div>
      <div class="pictures"><Displays device={device} /><Details device={device} /></div>
    </div>
  )
}

export function Device({ name }: { name: string }) {
  const here = useCell(site)
  if (!here) return null
  const device = here.devices.find((one) => one.name === name)
  if (!device) return <Empty title={t.device.unknown(name)} text={t.device.unknownText} />
  return <Body device={device} />
}
