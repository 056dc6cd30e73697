// What the forms of records share: name, fields with their fault beside them, the buttons, and the reason when one is fixed.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { nameFrom } from '../model/members'
import { guardLeaving } from '../route/route'
import { t } from '../text'
import { Confirm } from './confirm'
import type { RecordDesk } from './use-records'

/** A fault right below its control, told to those who do not see it. */
export function Fault({ id, text }: { id?: string; text: string | null }) {
  return <span id={id} class="fault" aria-live="polite">{text && <><span class="shape" aria-hidden="true">◆</span>{text}</>}</span>
}

export interface FieldProps {
  id: string
  label: string
  hint?: ComponentChildren
  fault?: string | null
  children: ComponentChildren
}

/** One labelled control; its hint and fault describe it through `describes(id)`. */
export function FormField({ id, label, hint, fault = null, children }: FieldProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children}
      <span id={`${id}-help`} class="field-help">{hint && <span class="quiet-word">{hint} </span>}<Fault text={fault} /></span>
    </div>
  )
}

export const describes = (id: string, fault: string | null = null) => ({ id, 'aria-describedby': `${id}-help`, 'aria-invalid': fault ? (true as const) : undefined })

/** A text field of a record. */
export function TextField({ desk, row, label, hint, placeholder }: { desk: RecordDesk; row: string; label: string; hint?: ComponentChildren; placeholder?: string }) {
  const fault = desk.fault(row)
  return (
    <FormField id={`f-${row}`} label={label} hint={hint} fault={fault}>
      <input {...describes(`f-${row}`, fault)} type="text" autocomplete="off" spellcheck={false} placeholder={placeholder} value={desk.text(row)}
        onInput={(event) => desk.type({ [row]: event.currentTarget.value })} />
    </FormField>
  )
}

/** What people call it; of a new record its name follows until somebody types another. */
export function LabelField({ desk, label, hint }: { desk: RecordDesk; label: string; hint?: string }) {
  const fault = desk.fault('label')
  const before = desk.text('label')
  const type = (next: string) => {
    desk.type({ label: next })
    if (desk.isNew && desk.name === nameFrom(before)) desk.setName(nameFrom(next))
  }
  return (
    <FormField id="f-label" label={label} hint={hint} fault={fault}>
      <input {...describes('f-label', fault)} type="text" autocomplete="off" value={before} onInput={(event) => type(event.currentTarget.value)} />
    </FormField>
  )
}

/** The name for files and addresses: asked for once, then it stays. */
export function NameField({ desk, label, hint }: { desk: RecordDesk; label?: string; hint?: string }) {
  if (!desk.isNew) return null
  return (
    <FormField id="f-name" label={label ?? t.records.shortName} hint={hint ?? t.records.nameHelpOther} fault={desk.nameFault}>
      <input {...describes('f-name', desk.nameFault)} type="text" autocomplete="off" autocapitalize="off" spellcheck={false} value={desk.name} onInput={(event) => desk.setName(event.currentTarget.value.trim())} />
    </FormField>
  )
}

export interface FrameProps {
  desk: RecordDesk
  title: string
  /** Of the button, such as “Save this group”. */
  save: string
  removeAsk: string
  onCancel: () => void
  children: ComponentChildren
}

export function RecordForm({ desk, title, save, removeAsk, onCancel, children }: FrameProps) {
  const form = useRef<HTMLFormElement>(null)
  // To the first field that is at fault: a long form may have it out of sight.
  useEffect(() => {
    if (!desk.failure) return
    const faulty = form.current?.querySelector<HTMLElement>('[aria-invalid="true"]')
    if (faulty) faulty.focus()
    else form.current?.querySelector('.fault:not(:empty)')?.scrollIntoView({ block: 'center' })
  }, [desk.failure])
  return (
    <form ref={form} class="record-form" aria-label={title} noValidate onSubmit={(event) => { event.preventDefault(); void desk.save() }}>
      <h2>{title}</h2>
      {children}
      {desk.failure && <p class="reason" role="alert">{desk.failure}</p>}
      <div class="record-buttons">
        <button type="button" onClick={() => { guardLeaving(null); onCancel() }}>{desk.edited ? t.records.cancel : t.records.close}</button>
        <button type="submit" class="primary" disabled={desk.working || !desk.edited}>{save}</button>
        {!desk.isNew && <><span class="spring" /><Confirm label={t.records.remove} ariaLabel={t.records.removeOf(desk.name)} question={removeAsk} yes={t.records.removeYes} onYes={() => void desk.remove()} /></>}
      </div>
    </form>
  )
}

/** A record that cannot be changed here: why, and what it says. `place` is where it stands in the site file. */
export function RecordLook({ title, place, onClose, children }: { title: string; place: string | null; onClose: () => void; children: ComponentChildren }) {
  return (
    <div class="record-form">
      <h2>{title}</h2>
      <p class="fixed-note"><span aria-hidden="true">▪</span> {place === null ? t.control.own.administrator : t.settings.fixed(place)}</p>
      {children}
      <div class="record-buttons"><button type="button" onClick={onClose}>{t.records.close}</button></div>
    </div>
  )
}
