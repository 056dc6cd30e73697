// A button whose first press asks and whose second, elsewhere, does: nothing happens on a mis-tap.
import { useState } from 'preact/hooks'
import { t } from '../text'

export interface ConfirmProps {
  label: string
  ariaLabel: string
  question: string
  yes: string
  onYes: () => void
}

/** The harmless answer has the focus. */
export function Confirm({ label, ariaLabel, question, yes, onYes }: ConfirmProps) {
  const [asking, setAsking] = useState(false)
  if (!asking) return <button type="button" class="quiet small" aria-label={ariaLabel} onClick={() => setAsking(true)}>{label}</button>
  return (
    <span class="confirm" role="group" aria-label={question}>
      <span>{question}</span>
      <button type="button" autoFocus onClick={() => setAsking(false)}>{t.users.cancel}</button>
      <button type="button" class="danger" onClick={() => { setAsking(false); onYes() }}>{yes}</button>
    </span>
  )
}
