// Choosing outlets across devices: boxes per device in the order of the strip, and the chosen ones as a list.
import { useState } from 'preact/hooks'
import type { Group, Outlet } from '../api/switching'
import { fits, join, moved, split } from '../model/members'
import { t } from '../text'
import { Fault } from './record-form'

export interface PickerProps {
  legend: string
  hint?: string
  value: string
  outlets: Outlet[]
  /** Offered as `group/NAME`. */
  groups?: Group[]
  /** The order counts, and can be changed. */
  ordered?: boolean
  fault: string | null
  onValue: (value: string) => void
}

const number = (outlet: Outlet) => outlet.component.replace(/^\D+/, '')

/** What people call a part of the list. */
export function partLabel(part: string, outlets: Outlet[], groups: Group[] = []): string {
  const outlet = outlets.find((one) => one.path === part)
  if (outlet) return outlet.label || outlet.path
  const group = groups.find((one) => part === `group/${one.name}`)
  if (group) return t.control.group(group.values.label || group.name, group.outlets.length)
  return part.includes('*') ? t.control.pick.pattern(outlets.filter(({ path }) => fits(part, path)).length) : t.control.pick.nowhere
}

interface ChosenProps {
  parts: string[]
  props: PickerProps
  onParts: (parts: string[]) => void
}

function Chosen({ parts, props, onParts }: ChosenProps) {
  const words = t.control.pick
  if (!parts.length) return <p class="quiet-word">{words.nothing}</p>
  const List = props.ordered ? 'ol' : 'ul'
  return (
    <List class="pick-chosen" aria-label={words.chosen}>
      {parts.map((part, at) => (
        <li key={part}>
          <span class="pick-part"><b>{partLabel(part, props.outlets, props.groups)}</b> <span class="quiet-word">{part}</span></span>
          {props.ordered && <button type="button" class="quiet small" disabled={at === 0} aria-label={words.up(part)} onClick={() => onParts(moved(parts, at, -1))}>↑</button>}
          {props.ordered && <button type="button" class="quiet small" disabled={at === parts.length - 1} aria-label={words.down(part)} onClick={() => onParts(moved(parts, at, 1))}>↓</button>}
          <button type="button" class="quiet small" aria-label={words.remove(part)} onClick={() => onParts(parts.filter((one) => one !== part))}>✕</button>
        </li>
      ))}
    </List>
  )
}

function DeviceBoxes({ device, outlets, parts, open, onParts }: { device: string; outlets: Outlet[]; parts: string[]; open: boolean; onParts: (parts: string[]) => void }) {
  const patterns = parts.filter((part) => part.includes('*'))
  return (
    <details class="pick-device" open={open || undefined}>
      <summary>{device} <span class="quiet-word">{t.control.pick.of(outlets.filter(({ path }) => parts.some((part) => fits(part, path))).length, outlets.length)}</span></summary>
      <ul class="pick-boxes">
        {outlets.map((outlet) => {
          const through = patterns.find((pattern) => fits(pattern, outlet.path))
          const chosen = parts.includes(outlet.path)
          return (
            <li key={outlet.path}>
              <label class={chosen || through ? 'pick chosen' : 'pick'} data-why={through ? t.control.pick.through(through) : undefined}>
                <input type="checkbox" checked={chosen || !!through} disabled={!!through && !chosen} aria-label={`${outlet.path}, ${outlet.label}`}
                  onChange={(event) => onParts(event.currentTarget.checked ? [...parts, outlet.path] : parts.filter((one) => one !== outlet.path))} />
                <span class="pick-number">{number(outlet)}</span><span class="pick-label">{outlet.label}</span>
              </label>
            </li>
          )
        })}
      </ul>
    </details>
  )
}

/** A few outlets stand open; of many those of devices that have something chosen or found. */
const OPEN_OUTLETS = 64

function Boxes({ outlets, parts, wanted, onParts }: { outlets: Outlet[]; parts: string[]; wanted: string; onParts: (parts: string[]) => void }) {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean)
  const found = outlets.filter(({ path, label }) => words.every((word) => `${path} ${label}`.toLowerCase().includes(word)))
  const devices = [...new Set(found.map((one) => one.device))]
  if (!found.length) return <p class="quiet-word" role="status">{t.control.pick.none}</p>
  return (
    <>
      {devices.map((device) => {
        const own = found.filter((one) => one.device === device)
        const open = outlets.length <= OPEN_OUTLETS || words.length > 0 || own.some(({ path }) => parts.includes(path))
        return <DeviceBoxes key={device} device={device} outlets={own} parts={parts} open={open} onParts={onParts} />
      })}
    </>
  )
}

/** What no box says: all outlets of a unit, those that come later. */
function PatternField({ parts, onParts }: { parts: string[]; onParts: (parts: string[]) => void }) {
  const [text, setText] = useState('')
  const add = () => {
    onParts([...parts, ...split(text)])
    setText('')
  }
  return (
    <span class="pick-pattern">
      <input type="text" aria-label={t.control.pick.patternField} placeholder="pdu-b/outlet-*" autocomplete="off" autocapitalize="off" spellcheck={false} value={text}
        onInput={(event) => setText(event.currentTarget.value)} onKeyDown={(event) => { if (event.key === 'Enter') { event.preventDefault(); if (text.trim()) add() } }} />
      <button type="button" disabled={!text.trim()} onClick={add}>{t.control.pick.add}</button>
    </span>
  )
}

export function OutletPicker(props: PickerProps) {
  const { legend, hint, value, outlets, groups = [], fault, onValue } = props
  const [wanted, setWanted] = useState('')
  const parts = split(value)
  const onParts = (next: string[]) => onValue(join(split(join(next))))
  const words = t.control.pick
  return (
    <fieldset class={fault ? 'picker-set faulty' : 'picker-set'}>
      <legend>{legend}</legend>
      {hint && <p class="quiet-word">{hint}</p>}
      <Chosen parts={parts} props={props} onParts={onParts} />
      <Fault text={fault} />
      {groups.length > 0 && (
        <div class="chips" role="group" aria-label={t.control.groups}>
          {groups.map((group) => {
            const path = `group/${group.name}`
            const chosen = parts.includes(path)
            return <button key={path} type="button" aria-pressed={chosen} onClick={() => onParts(chosen ? parts.filter((one) => one !== path) : [...parts, path])}>{t.control.group(group.values.label || group.name, group.outlets.length)}</button>
          })}
        </div>
      )}
      <div class="pick-tools">
        <input type="search" aria-label={words.find} placeholder={words.find} value={wanted} onInput={(event) => setWanted(event.currentTarget.value)} />
        <PatternField parts={parts} onParts={onParts} />
      </div>
      <div class="pick-all"><Boxes outlets={outlets} parts={parts} wanted={wanted} onParts={onParts} /></div>
    </fieldset>
  )
}
