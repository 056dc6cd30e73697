// Signing in, and the first start: the one-time secret, then a password of one's own.
import { useState } from 'preact/hooks'
import { ask, Problem, sentence } from '../../api/http'
import type { Session } from '../../api/types'
import { useCell } from '../../base/cell'
import { homeOf } from '../../model/layout'
import { strength } from '../../model/password'
import { session, setSession } from '../../model/session'
import { PasswordField } from '../../parts/password-field'
import { go } from '../../route/route'
import { enter } from '../../shell/start'
import { t } from '../../text'

const MUST_CHANGE = '/problems/password-change-required'

/** Lives only while the form is open; nothing is kept. */
interface Form {
  user: string
  password: string
  next: string
  repeat: string
}

/** The unit's sentence; it knows whether to wait or to try again. */
function refusal(cause: unknown): string {
  if (cause instanceof Problem && cause.status === 401) return cause.detail || t.signIn.wrong
  return sentence(cause)
}

function Failure({ text }: { text: string | null }) {
  return <p class="fault" role="alert">{text && <><span class="shape" aria-hidden="true">◆</span>{text}</>}</p>
}

interface StepProps {
  form: Form
  set: (part: Partial<Form>) => void
  failure: string | null
  working: boolean
  onSubmit: (event: Event) => void
}

function Credentials({ form, set, failure, working, onSubmit }: StepProps) {
  const first = useCell(session)?.first_start
  return (
    <form onSubmit={onSubmit}>
      <h1>{first ? t.signIn.firstStart : t.signIn.title}</h1>
      {first && <p>{t.signIn.firstStartText}</p>}
      <div class="field">
        <label for="user">{t.signIn.user}</label>
        <input id="user" name="username" required autoFocus autocomplete="username" autocapitalize="off" spellcheck={false} value={form.user}
          onInput={(event) => set({ user: event.currentTarget.value })} />
      </div>
      <PasswordField label={t.signIn.password} value={form.password} user="" autocomplete="current-password" onValue={(password) => set({ password })} />
      <Failure text={failure} />
      <button type="submit" class="primary wide" disabled={working}>{working ? t.signIn.working : t.signIn.submit}</button>
    </form>
  )
}

function NewPassword({ form, set, failure, working, onSubmit, onBack }: StepProps & { onBack: () => void }) {
  const differs = form.repeat !== '' && form.repeat !== form.next
  const ready = strength(form.next, form.user).score >= 1 && form.repeat === form.next
  return (
    <form onSubmit={onSubmit}>
      <h1>{t.signIn.change}</h1>
      <p>{t.signIn.changeText}</p>
      {/* Password managers file the new password under this name. */}
      <input class="hidden" type="text" name="username" autocomplete="username" value={form.user} readOnly tabIndex={-1} aria-hidden="true" />
      <PasswordField label={t.signIn.newPassword} value={form.next} user={form.user} autocomplete="new-password" rated onValue={(next) => set({ next })} />
      <PasswordField label={t.signIn.repeat} value={form.repeat} user={form.user} autocomplete="new-password" onValue={(repeat) => set({ repeat })} />
      <p class="quiet-word" role="status">{differs ? t.signIn.differs : ''}</p>
      <Failure text={failure} />
      <button type="submit" class="primary wide" disabled={working || !ready}>{working ? t.signIn.working : t.signIn.save}</button>
      <button type="button" class="quiet wide" onClick={onBack}>{t.signIn.back}</button>
    </form>
  )
}

export function SignIn({ next }: { next: string }) {
  const [form, setForm] = useState<Form>({ user: '', password: '', next: '', repeat: '' })
  const [changing, setChanging] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const [working, setWorking] = useState(false)
  const set = (part: Partial<Form>) => { setForm((before) => ({ ...before, ...part })); setFailure(null) }

  const submit = async (event: Event) => {
    event.preventDefault()
    setWorking(true)
    setFailure(null)
    const { user, password } = form
    try {
      const body = changing ? { user, password, new_password: form.next } : { user, password }
      const who = await ask<Session>('/session', { method: 'POST', body })
      setForm({ user: '', password: '', next: '', repeat: '' })
      setSession(who)
      void enter(who)
      go(next === '/' ? homeOf(who) : next, 'replace')
    } catch (cause) {
      if (cause instanceof Problem && cause.type.endsWith(MUST_CHANGE) && !changing) setChanging(true)
      else setFailure(refusal(cause))
    } finally {
      setWorking(false)
    }
  }
  const props: StepProps = { form, set, failure, working, onSubmit: (event) => void submit(event) }
  return (
    <div class="sign-in">
      <p class="brand"><svg class="logo" viewBox="0 0 22 20" aria-hidden="true"><path class="bar" d="M2 4h18" /><path class="taps" d="M6 4v7M11 4v13M16 4v10" /></svg>{t.app.name}</p>
      {changing
        ? <NewPassword {...props} onBack={() => { setChanging(false); set({ password: '', next: '', repeat: '' }) }} />
        : <Credentials {...props} />}
    </div>
  )
}
