// Who the device is and how talking to it goes.
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../../api/http'
import type { Device, Line, LineUnit } from '../../api/types'
import { number } from '../../format/number'
import { span } from '../../format/time'
import { deviceAddress } from '../../route/route'
import { t } from '../../text'

const EVERY_MS = 5000

/** The counters of this device on whichever line it hangs. */
function useUnit(device: Device): LineUnit | null {
  const [unit, setUnit] = useState<LineUnit | null>(null)
  useEffect(() => {
    const stop = new AbortController()
    const look = async () => {
      if (document.hidden) return
      const lines = await ask<Line[]>('/lines', { signal: stop.signal }).catch(() => null)
      const found = lines?.flatMap((line) => line.units).find((one) => one.device === device.name)
      if (found) setUnit(found)
    }
    void look()
    const timer = window.setInterval(() => void look(), EVERY_MS)
    return () => { stop.abort(); window.clearInterval(timer) }
  }, [device.name])
  return unit
}

type Fact = [string, preact.ComponentChildren]

/** Name and value pairs; those without a value are left out. */
export function Facts({ facts }: { facts: Fact[] }) {
  const known = facts.filter(([, value]) => value !== null && value !== undefined && value !== '')
  return (
    <dl class="facts">
      {known.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}
    </dl>
  )
}

function identity(device: Device): Fact[] {
  const { rows } = t.device
  return [
    [rows.role, t.deviceRole[device.role] ?? device.role],
    [rows.vendor, device.vendor], [rows.model, device.model], [rows.serial, device.serial],
    [rows.firmware, device.firmware], [rows.profile, device.profile],
    [rows.fedBy, device.fed_by && device.fed_by !== 'mains'
      ? <a href={deviceAddress(device.fed_by)}>{device.fed_by}</a>
      : device.fed_by && t.overview.mains],
    [rows.line, device.line && <a href="/diagnostics">{device.line}</a>], [rows.unit, device.unit],
    [rows.every, device.every_ms === null ? null : span(device.every_ms)],
  ]
}

function counters(unit: LineUnit): Fact[] {
  const { rows } = t.device
  const count = (value: number) => number(value, 0)
  const ms = (value: number | null | undefined) => (value === null || value === undefined ? null : `${number(value, value > 0 && value < 10 ? 1 : 0)}\u202fms`)
  return [
    [rows.polls, count(unit.polls)], [rows.answers, count(unit.answers)], [rows.timeouts, count(unit.timeouts)],
    [rows.crc, count(unit.crc_errors)], [rows.exceptions, count(unit.exceptions)], [rows.mismatches, count(unit.mismatches)],
    [rows.late, count(unit.late)], [rows.latency, ms(unit.latency_ms?.median)], [rows.p99, ms(unit.latency_ms?.p99)],
    [rows.retry, unit.retry_in_ms === null ? null : span(unit.retry_in_ms)], [rows.lastError, unit.last_error],
  ]
}

export function Details({ device }: { device: Device }) {
  const unit = useUnit(device)
  return (
    <>
      <section class="panel" aria-labelledby="details"><h2 id="details">{t.device.details}</h2><Facts facts={identity(device)} /></section>
      {unit && (
        <section class="panel" aria-labelledby="counters"><h2 id="counters">{t.device.counters}</h2><Facts facts={counters(unit)} /></section>
      )}
    </>
  )
}
