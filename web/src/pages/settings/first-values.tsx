// Right after something was added: does it answer, and what does it say?
import { useEffect, useState } from 'preact/hooks'
import { ask, query } from '../../api/http'
import type { Device, Site, SiteLine, Value } from '../../api/types'
import { t } from '../../text'
import { number } from '../../format/number'
import { deviceAddress } from '../../route/route'

const EVERY_MS = 1000
/** So long even a slow line is asked once: identify, then a round. */
const GIVE_UP_S = 20
const SHOWN = 8

interface Seen {
  device: Device | null
  line: SiteLine | null
  values: Value[]
  seconds: number
}

async function look(collection: string, name: string, seconds: number): Promise<Seen> {
  const here = await ask<Site>('/site')
  const device = collection === 'devices' ? here.devices.find((one) => one.name === name) ?? null : null
  const line = collection === 'lines' ? here.lines.find((one) => one.name === name) ?? null : null
  const all = device ? await ask<Value[]>(`/points${query({ device: name })}`) : []
  return { device, line, seconds, values: all.filter((value) => value.quality === 'good' && value.value !== null) }
}

function Values({ values }: { values: Value[] }) {
  const chosen = [...values].sort((a, b) => Number(typeof b.value === 'number') - Number(typeof a.value === 'number')).slice(0, SHOWN)
  return (
    <ul class="first-values">
      {chosen.map(({ path, value, unit, text }) => (
        <li key={path}><span>{path.split('/').slice(1).join(' ')}</span> <b class="figure">{text ?? (typeof value === 'number' ? number(value, 2) : value)}{typeof value === 'number' && unit && !text && <span class="unit">{unit}</span>}</b></li>
      ))}
    </ul>
  )
}

function deviceWords({ device, values, seconds }: Seen): string {
  if (values.length) return t.records.answered(values.length)
  if (device?.state === 'online') return seconds < GIVE_UP_S ? t.records.waiting(seconds) : t.records.empty
  if (device?.state === 'silent') return t.records.nothing(device.reason)
  if (device?.state === 'disabled' || seconds >= GIVE_UP_S) return t.records.notYet(device?.reason ?? null)
  return t.records.waiting(seconds)
}

function lineWords(line: SiteLine, name: string): string {
  if (line.state === 'failing') return t.records.lineFailing(name, line.reason)
  return line.state === 'open' ? t.records.lineOpen(name) : t.records.lineClosed(name)
}

export function FirstValues({ collection, name, onClose }: { collection: string; name: string; onClose: () => void }) {
  const [seen, setSeen] = useState<Seen | null>(null)
  useEffect(() => {
    let timer = 0
    let over = false
    const begin = Date.now()
    const next = async () => {
      const seconds = Math.round((Date.now() - begin) / 1000)
      const now = await look(collection, name, seconds).catch(() => null)
      if (over) return
      if (now) setSeen(now)
      // It goes on a while after the first values, since the others come a round later.
      if (seconds < GIVE_UP_S) timer = window.setTimeout(() => void next(), EVERY_MS)
    }
    void next()
    return () => { over = true; clearTimeout(timer) }
  }, [collection, name])
  return (
    <div class="once first" data-first={name}>
      <div class="panel-head">
        <h3>{collection === 'devices' ? t.records.first(name) : name}</h3><span class="spring" />
        {seen?.device && <a class="button quiet" href={deviceAddress(name)}>{t.records.toDevice}</a>}
        <button type="button" class="quiet" onClick={onClose}>{t.records.close}</button>
      </div>
      <p role="status">{!seen ? t.records.waiting(0) : seen.line ? lineWords(seen.line, name) : deviceWords(seen)}</p>
      {seen && seen.values.length > 0 && <Values values={seen.values} />}
    </div>
  )
}
