// A PIN or PUK. The field is an ordinary one, for keys, phones and screen readers; the pad beside it is for panels on a wall.
import { useId, useState } from 'preact/hooks'
import { t } from '../text'

export interface PinFieldProps {
  label: string
  value: string
  most: number
  autocomplete: 'current-password' | 'new-password' | 'off'
  /** Show keys to touch. */
  pad?: boolean
  rule?: string
  required?: boolean
  onValue: (value: string) => void
}

const KEYS = ['1', '2', '3', '4', '5', '6', '7', '8', '9']

interface PadProps {
  value: string
  most: number
  onValue: (value: string) => void
}

function Pad({ value, most, onValue }: PadProps) {
  const press = (digit: string) => { if (value.length < most) onValue(value + digit) }
  return (
    <div class="pad" role="group" aria-label={t.pin.pad}>
      {KEYS.map((digit) => <button key={digit} type="button" aria-label={t.pin.digit(digit)} onClick={() => press(digit)}>{digit}</button>)}
      <button type="button" class="word" aria-label={t.pin.clearAll} disabled={!value} onClick={() => onValue('')}>{t.pin.clear}</button>
      <button type="button" aria-label={t.pin.digit('0')} onClick={() => press('0')}>0</button>
      <button type="button" aria-label={t.pin.back} disabled={!value} onClick={() => onValue(value.slice(0, -1))}><span aria-hidden="true">⌫</span></button>
      <p class="hidden" role="status">{t.pin.entered(value.length)}</p>
    </div>
  )
}

export function PinField({ label, value, most, autocomplete, pad, rule, required = true, onValue }: PinFieldProps) {
  const [open, setOpen] = useState(false)
  const id = useId()
  // Digits from elsewhere are pasted with spaces and dashes between them.
  const take = (text: string) => onValue(text.replace(/\D/g, '').slice(0, most))
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="password">
        <input id={id} class="digits" type={(open ? 'text' : 'password') as 'text'} inputMode="numeric" pattern="[0-9]*" value={value} required={required}
          autocomplete={autocomplete} spellcheck={false} aria-describedby={rule ? `${id}-rule` : undefined}
          onInput={(event) => { take(event.currentTarget.value); event.currentTarget.value = event.currentTarget.value.replace(/\D/g, '').slice(0, most) }} />
        <button type="button" class="quiet" aria-pressed={open} onClick={() => setOpen(!open)}>{open ? t.signIn.hide : t.signIn.show}</button>
      </div>
      {rule && <p id={`${id}-rule`} class="quiet-word">{rule}</p>}
      {pad && <Pad value={value} most={most} onValue={onValue} />}
    </div>
  )
}
