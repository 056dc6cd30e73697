// What the ways of signing in have in common.
import { t } from '../../text'

/** Lives only while the form is open; nothing is kept. `password` is what is shown: a password, PIN or PUK. */
export interface Form {
  user: string
  password: string
  next: string
  repeat: string
  /** None of the names that are listed. */
  other?: boolean
}

export const EMPTY: Form = { user: '', password: '', next: '', repeat: '' }

export interface StepProps {
  form: Form
  set: (part: Partial<Form>) => void
  failure: string | null
  working: boolean
  onSubmit: (event: Event) => void
}

export function Failure({ text }: { text: string | null }) {
  return <p class="fault" role="alert">{text && <><span class="shape" aria-hidden="true">◆</span>{text}</>}</p>
}

export function UserField({ form, set }: Pick<StepProps, 'form' | 'set'>) {
  return (
    <div class="field">
      <label for="user">{t.signIn.user}</label>
      <input id="user" name="username" required autoFocus autocomplete="username" autocapitalize="off" spellcheck={false} value={form.user}
        onInput={(event) => set({ user: event.currentTarget.value })} />
    </div>
  )
}
