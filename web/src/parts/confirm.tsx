// A button whose first press asks and whose second, elsewhere, does: nothing happens on a mis-tap.
import { useEffect, useRef, useState } from 'preact/hooks'
import { useFocus } from '../base/use-focus'
import { t } from '../text'

export interface QuestionProps {
  question: string
  yes: string
  onYes: () => void
  onNo: () => void
}

/** The harmless answer has the focus. */
function Question({ question, yes, onYes, onNo }: QuestionProps) {
  const no = useFocus<HTMLButtonElement>()
  return (
    <span class="confirm" role="group" aria-label={question}>
      <span>{question}</span>
      <button ref={no} type="button" onClick={onNo}>{t.users.cancel}</button>
      <button type="button" class="danger" onClick={() => { onNo(); onYes() }}>{yes}</button>
    </span>
  )
}

export interface ConfirmProps {
  label: string
  ariaLabel: string
  question: string
  yes: string
  onYes: () => void
}

/** After either answer the button that asked has the focus again. */
function useFocusBack(asking: boolean) {
  const button = useRef<HTMLButtonElement>(null)
  const hasAsked = useRef(false)
  useEffect(() => {
    if (!asking && hasAsked.current) button.current?.focus()
    hasAsked.current = asking
  }, [asking])
  return button
}

export function Confirm({ label, ariaLabel, question, yes, onYes }: ConfirmProps) {
  const [asking, setAsking] = useState(false)
  const button = useFocusBack(asking)
  if (asking) return <Question question={question} yes={yes} onYes={onYes} onNo={() => setAsking(false)} />
  return <button ref={button} type="button" class="quiet small" aria-label={ariaLabel} onClick={() => setAsking(true)}>{label}</button>
}

export interface ConfirmRowProps extends Omit<ConfirmProps, 'onYes'> {
  /** How many columns the table has. */
  columns: number
  /** Null: this one may not; the last cell stays empty. */
  onYes: (() => void) | null
  /** The cells before the button's. */
  children: preact.ComponentChildren
  row?: Record<string, unknown>
}

/** A row of a table with such a button in its last cell; the question has a row of its own, where it has room. */
export function ConfirmRow({ columns, children, row, label, ariaLabel, question, yes, onYes }: ConfirmRowProps) {
  const [asking, setAsking] = useState(false)
  const button = useFocusBack(asking)
  return (
    <>
      <tr {...row}>
        {children}
        {onYes && <td class="row-links"><button ref={button} type="button" class="quiet small" aria-label={ariaLabel} aria-expanded={asking} onClick={() => setAsking(!asking)}>{label}</button></td>}
      </tr>
      {asking && onYes && <tr class="question-row"><td colSpan={columns}><Question question={question} yes={yes} onYes={onYes} onNo={() => setAsking(false)} /></td></tr>}
    </>
  )
}
