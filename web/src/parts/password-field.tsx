// A new password with a hint of how hard it is to guess. Nothing is stored here or anywhere in the page.
import { useId, useState } from 'preact/hooks'
import { LEAST_LENGTH, strength } from '../model/password'
import { t } from '../text'

export interface PasswordFieldProps {
  label: string
  value: string
  user: string
  autocomplete: 'current-password' | 'new-password'
  /** Show how hard it is to guess. */
  rated?: boolean
  onValue: (value: string) => void
}

/** Words beside the bar; screen readers get the words only. */
function Meter({ value, user, id }: { value: string; user: string; id: string }) {
  const { score, hint } = strength(value, user)
  const words = hint === 'length' ? t.signIn.hints.length(LEAST_LENGTH) : t.signIn.hints[hint]
  return (
    <div class="strength" id={id} role="status">
      <span class={`strength-bar score-${value ? score + 1 : 0}`} aria-hidden="true"><span /><span /><span /><span /><span /></span>
      {value ? <><span class="hidden">{t.signIn.strengthIs(t.signIn.strength[score] ?? '')}</span><b aria-hidden="true">{t.signIn.strength[score]}.</b> {words}</> : words}
    </div>
  )
}

export function PasswordField({ label, value, user, autocomplete, rated, onValue }: PasswordFieldProps) {
  const [open, setOpen] = useState(false)
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="password">
        <input id={id} type={(open ? 'text' : 'password') as 'text'} value={value} required autocomplete={autocomplete} spellcheck={false}
          autocapitalize="off" aria-describedby={rated ? `${id}-strength` : undefined} onInput={(event) => onValue(event.currentTarget.value)} />
        <button type="button" class="quiet" aria-pressed={open} onClick={() => setOpen(!open)}>{open ? t.signIn.hide : t.signIn.show}</button>
      </div>
      {rated && <Meter value={value} user={user} id={`${id}-strength`} />}
    </div>
  )
}
