// Which units of a line answer, and what they may be. Runs in the unit: it can be left and found again.
import { useEffect, useState } from 'preact/hooks'
import { ask, sentence } from '../../api/http'
import type { Scan, ScanUnit } from '../../api/types'
import { t } from '../../text'
import type { Draft } from './add-member'
import { membersOf } from './model'
import type { Bench } from './use-settings'

const EVERY_MS = 700

/** Lines that units can be searched on. */
function linesOf(bench: Bench): string[] {
  const { tables, values } = bench.desk
  const table = tables.find((one) => one.name === 'lines')
  if (!table) return []
  return membersOf(table, [...values.values()]).filter((name) => values.get(`lines.${name}.kind`)?.value !== 'sim')
}

/** The device that is at this address already. */
function deviceAt(bench: Bench, line: string | null, unit: number): string | null {
  const { tables, values } = bench.desk
  const table = tables.find((one) => one.name === 'devices')
  const names = table ? membersOf(table, [...values.values()]) : []
  return names.find((name) => values.get(`devices.${name}.line`)?.value === line && values.get(`devices.${name}.unit`)?.value === unit) ?? null
}

function words(scan: Scan): string {
  const line = scan.line ?? ''
  if (scan.state === 'running') return t.scan.running(line, scan.asked, scan.last - scan.first + 1)
  if (scan.state === 'done') return t.scan.done(line, scan.asked, scan.found.length)
  return scan.state === 'stopped' ? t.scan.stopped(line, scan.asked) : t.scan.failed(line, scan.problem)
}

function Found({ unit, line, bench, onAdd }: { unit: ScanUnit; line: string | null; bench: Bench; onAdd: (draft: Draft) => void }) {
  const there = deviceAt(bench, line, unit.unit)
  const best = unit.profiles[0]
  const add = () => onAdd({ name: '', texts: { line: line ?? '', unit: String(unit.unit), ...(best ? { profile: best.name } : {}) } })
  return (
    <li class="found-row">
      <b>{t.scan.unit(unit.unit)}</b>
      <span>{unit.profiles.length ? unit.profiles.map(({ name, vendor, model, certain }) => (
        <span key={name} class="guess">{[vendor, model].filter(Boolean).join(' ')} <code>{name}</code> <span class="quiet-word">{certain ? t.scan.certain : t.scan.likely}</span></span>
      )) : t.scan.unknown}</span>
      {there ? <span class="quiet-word">{t.scan.is(there)}</span>
        : <button type="button" class="small" aria-label={t.scan.addOf(unit.unit)} onClick={add}>{t.scan.add}</button>}
    </li>
  )
}

export function ScanPanel({ bench, onAdd }: { bench: Bench; onAdd: (draft: Draft) => void }) {
  const lines = linesOf(bench)
  const [scan, setScan] = useState<Scan | null>(null)
  const [line, setLine] = useState('')
  const [first, setFirst] = useState('1')
  const [last, setLast] = useState('247')
  const [failure, setFailure] = useState<string | null>(null)
  const running = scan?.state === 'running'

  useEffect(() => {
    let over = false
    let timer = 0
    const read = async () => {
      const now = await ask<Scan>('/scan').catch(() => null)
      if (over) return
      if (now) setScan(now)
      if (now?.state === 'running' || !now) timer = window.setTimeout(() => void read(), now ? EVERY_MS : 5000)
    }
    void read()
    return () => { over = true; clearTimeout(timer) }
  }, [running])

  const start = async (event: Event) => {
    event.preventDefault()
    setFailure(null)
    try {
      setScan(await ask<Scan>('/scan', { method: 'POST', body: { line: line || lines[0], first: Number(first), last: Number(last) } }))
    } catch (cause) {
      setFailure(sentence(cause))
    }
  }
  const stop = () => void ask('/scan', { method: 'DELETE' }).then(() => ask<Scan>('/scan')).then(setScan, (cause) => setFailure(sentence(cause)))
  return (
    <section class="panel" aria-labelledby="scan">
      <h2 id="scan">{t.scan.title}</h2>
      <p class="quiet-word">{lines.length ? t.scan.text : t.scan.noLines}</p>
      {lines.length > 0 && (
        <form class="scan-form" onSubmit={(event) => void start(event)}>
          <div class="field"><label for="scan-line">{t.scan.line}</label>
            <select id="scan-line" value={line || lines[0]} disabled={running} onChange={(event) => setLine(event.currentTarget.value)}>
              {lines.map((name) => <option key={name} value={name}>{name}</option>)}
            </select></div>
          <div class="field"><label for="scan-first">{t.scan.from}</label>
            <input id="scan-first" inputMode="numeric" autocomplete="off" value={first} disabled={running} onInput={(event) => setFirst(event.currentTarget.value)} /></div>
          <div class="field"><label for="scan-last">{t.scan.to}</label>
            <input id="scan-last" inputMode="numeric" autocomplete="off" value={last} disabled={running} onInput={(event) => setLast(event.currentTarget.value)} /></div>
          {running ? <button type="button" onClick={stop}>{t.scan.stop}</button> : <button type="submit">{t.scan.start}</button>}
        </form>
      )}
      {failure && <p class="fault" role="alert"><span class="shape" aria-hidden="true">◆</span>{failure}</p>}
      {scan && scan.state !== 'none' && (
        <>
          {running && <progress aria-label={t.scan.title} max={scan.last - scan.first + 1} value={scan.asked} />}
          <p role="status">{words(scan)}</p>
          <ul class="people">{scan.found.map((unit) => <Found key={unit.unit} unit={unit} line={scan.line} bench={bench} onAdd={onAdd} />)}</ul>
        </>
      )}
    </section>
  )
}
