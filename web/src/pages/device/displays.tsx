// Pulse meters: what a pulse is worth, what their display reads, and the form in which a person says so.
import { useEffect, useRef, useState } from 'preact/hooks'
import { ask, Problem, sentence } from '../../api/http'
import { setReading } from '../../api/pulses'
import type { Component, Device, Settings } from '../../api/types'
import { useCell } from '../../base/cell'
import { figure } from '../../format/number'
import { componentName } from '../../model/names'
import { displayUnit, isTaken, type PulseRecord, pulseRecords, readingOf, readingPoint, weightWords } from '../../model/pulse'
import { mayAs, session } from '../../model/session'
import { useValue } from '../../model/values'
import { Figure } from '../../parts/figure'
import { describes, FormField } from '../../parts/record-form'
import { t } from '../../text'

/** Null until they are known; only administrators may read them, and only they set a display. */
function usePulseRecords(wanted: boolean): Map<string, PulseRecord> | null {
  const [records, setRecords] = useState<Map<string, PulseRecord> | null>(null)
  useEffect(() => {
    if (!wanted) return
    const stop = new AbortController()
    ask<Settings>('/settings', { signal: stop.signal }).then(({ values }) => setRecords(pulseRecords(values)), () => {})
    return () => stop.abort()
  }, [wanted])
  return records
}

interface FormProps {
  path: string
  name: string
  unit: string
  onDone: (reading: number | null) => void
}

/** What is wrong stands at the field, whether the page or the unit says so. */
function Form({ path, name, unit, onDone }: FormProps) {
  const words = t.pulse
  const [text, setText] = useState('')
  const [fault, setFault] = useState<string | null>(null)
  const [working, setWorking] = useState(false)
  const input = useRef<HTMLInputElement>(null)
  const id = `display-${path.replace(/\W/g, '-')}`
  useEffect(() => input.current?.focus(), [fault])
  const save = async (event: Event) => {
    event.preventDefault()
    const { value, fault: wrong } = readingOf(text)
    if (wrong) return setFault(wrong)
    setWorking(true)
    try {
      await setReading(path, value)
      onDone(value)
    } catch (cause) {
      setFault(cause instanceof Problem && cause.detail ? cause.detail : sentence(cause))
      setWorking(false)
    }
  }
  return (
    <form class="display-form" aria-label={words.form(name)} noValidate onSubmit={(event) => void save(event)}>
      <FormField id={id} label={words.field(unit)} hint={words.hint} fault={fault}>
        <input ref={input} {...describes(id, fault)} type="text" inputMode="decimal" autocomplete="off" placeholder={words.placeholder} value={text}
          onInput={(event) => { setText(event.currentTarget.value); setFault(null) }} />
      </FormField>
      <span class="row-actions">
        <button type="button" onClick={() => onDone(null)}>{words.cancel}</button>
        <button type="submit" class="primary" disabled={working}>{words.save}</button>
      </span>
    </form>
  )
}

function Facts({ component, record }: { component: Component; record: PulseRecord | undefined }) {
  const words = t.pulse
  const point = readingPoint(component)
  return (
    <dl class="facts">
      {record && <div><dt>{words.medium[record.medium] ?? record.medium}</dt><dd>{weightWords(record)}</dd></div>}
      {record && record.multiplier !== 1 && <div><dt>{words.multiplier}</dt><dd>{words.multiplierText(String(record.multiplier))}</dd></div>}
      <div><dt>{words.now}</dt><dd>{point ? <Figure point={point} unit /> : <span class="absent" data-why={words.neverWhy} tabIndex={0}>{words.never}</span>}</dd></div>
    </dl>
  )
}

interface DisplayProps {
  device: Device
  component: Component
  record: PulseRecord | undefined
  /** Whether records are known: before that nothing is said of one that is missing. */
  known: boolean
  may: boolean
}

function Display({ device, component, record, known, may }: DisplayProps) {
  const words = t.pulse
  const [open, setOpen] = useState(false)
  const [wanted, setWanted] = useState<{ reading: number; before: number | null } | null>(null)
  const [said, setSaid] = useState<string | null>(null)
  const button = useRef<HTMLButtonElement>(null)
  const point = readingPoint(component)
  const value = useValue(point?.path)
  const name = componentName(component)
  const unit = point?.unit ?? displayUnit(record?.medium ?? '')
  const decimals = point?.decimals ?? 3
  const now = value?.quality === 'good' && typeof value.value === 'number' ? value.value : null
  // Said once, when it is there: a meter that counts on must not be read out with each pulse.
  useEffect(() => {
    if (wanted === null || now === null || !isTaken(now, wanted.reading, wanted.before, decimals)) return
    setWanted(null)
    setSaid(words.done(figure(now, unit, decimals)))
  }, [wanted, now])
  const done = (reading: number | null) => {
    setOpen(false)
    if (reading !== null) {
      setWanted({ reading, before: now })
      setSaid(words.taken(figure(reading, unit, decimals)))
    }
    requestAnimationFrame(() => button.current?.focus())
  }
  return (
    <li class="display" data-display={`${device.name}/${component.name}`}>
      <h3>{name} <span class="quiet-word">{component.name}</span></h3>
      <Facts component={component} record={record} />
      {known && !record && !point && <p class="quiet-word">{words.noRecord} <a href="/settings/pulses">{words.toSettings}</a></p>}
      {may && record && !open && <button ref={button} type="button" class="small" aria-label={words.setOf(name)} onClick={() => { setWanted(null); setSaid(null); setOpen(true) }}>{words.set}</button>}
      {open && <Form path={`${device.name}/${component.name}`} name={name} unit={unit} onDone={done} />}
      <p class="said" role="status" hidden={!said}>{said}</p>
    </li>
  )
}

/** Nothing where the device has no pulse inputs, or nobody may say anything about them and nothing is set. */
export function Displays({ device }: { device: Device }) {
  const words = t.pulse
  const inputs = device.components.filter(({ kind }) => kind === 'pulse')
  const may = mayAs(useCell(session), 'administrator')
  const records = usePulseRecords(may && inputs.length > 0)
  const shown = may ? inputs : inputs.filter(readingPoint)
  if (!shown.length) return null
  return (
    <section class="panel" aria-labelledby="displays">
      <h2 id="displays">{words.title}</h2>
      <p class="quiet-word">{words.text}</p>
      <ul class="displays">
        {shown.map((component) => <Display key={component.name} device={device} component={component} record={records?.get(`${device.name}/${component.name}`)} known={records !== null} may={may} />)}
      </ul>
    </section>
  )
}
