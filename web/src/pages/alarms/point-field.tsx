// What a rule watches: chosen points and patterns as a list, each with how many it is about, and a search that adds.
import { useMemo, useState } from 'preact/hooks'
import { useCell } from '../../base/cell'
import { join, split } from '../../model/members'
import { site } from '../../model/site'
import { Combo } from '../../parts/combo'
import { Fault } from '../../parts/record-form'
import { t } from '../../text'
import { fitting, pointOptions } from './model'

function fitWords(part: string, count: number): string {
  const words = t.alarms.rule
  if (!count) return words.fitsNone
  return part.includes('/') ? words.fits(count) : words.fitsDevices(count)
}

export function PointField({ value, lost, fault, onValue }: { value: string; lost: boolean; fault: string | null; onValue: (value: string) => void }) {
  const here = useCell(site)
  const [typed, setTyped] = useState('')
  const options = useMemo(() => pointOptions(here, lost), [here, lost])
  const words = t.alarms.rule
  const parts = split(value)
  const add = (text: string) => {
    onValue(join(split(join([...parts, ...split(text)]))))
    setTyped('')
  }
  // A proposal is taken at once; what is typed by hand when it is complete.
  const take = (text: string) => (options.some((option) => option.value === text) && text !== typed ? add(text) : setTyped(text))
  return (
    <fieldset class="picker-set wide">
      <legend>{words.points}</legend>
      {parts.length > 0 && (
        <ul class="pick-chosen" aria-label={words.points}>
          {parts.map((part) => (
            <li key={part}>
              <span class="pick-part"><b>{part}</b> <span class="quiet-word">{fitWords(part, fitting(part, here).length)}</span></span>
              <button type="button" class="quiet small" aria-label={words.takeOut(part)} onClick={() => onValue(join(parts.filter((one) => one !== part)))}>✕</button>
            </li>
          ))}
        </ul>
      )}
      <label for="f-points" class="pick-add">{words.addLabel}</label>
      <div class="pick-pattern" onKeyDown={(event) => { if (event.key === 'Enter' && typed.trim()) { event.preventDefault(); add(typed) } }}>
        <Combo id="f-points" value={typed} options={options} label={words.points} placeholder={words.addPoint} describedBy="f-points-help" faulty={fault !== null} onValue={take} />
        <button type="button" disabled={!typed.trim()} onClick={() => add(typed)}>{t.control.pick.add}</button>
      </div>
      <span id="f-points-help" class="field-help"><span class="quiet-word">{words.pointsHint} </span><Fault text={fault} /></span>
    </fieldset>
  )
}
