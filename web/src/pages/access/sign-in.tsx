// Signing in by password or PIN, and the first start: the one-time secret, then a password of one's own.
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
import { EMPTY, Failure, UserField, type Form, type StepProps } from './sign-in-parts'
import { PinForm, PukForm } from './sign-in-pin'

const MUST_CHANGE = '/problems/password-change-required'

/** The unit's sentence; it knows whether to wait or to try again. */
function refusal(cause: unknown): string {
  if (cause instanceof Problem && cause.status === 401) return cause.detail || t.signIn.wrong
  return sentence(cause)
}

type Way = 'password' | 'pin' | 'puk'

/** Only where somebody has a PIN. */
function Ways({ way, onWay }: { way: Way; onWay: (way: Way) => void }) {
  if (!useCell(session)?.pin_sign_in) return null
  return (
    <div class="ways" role="group" aria-label={t.pin.ways}>
      {(['password', 'pin'] as Way[]).map((one) => <button key={one} type="button" aria-pressed={one === way} onClick={() => onWay(one)}>{t.pin.way[one]}</button>)}
    </div>
  )
}

function Credentials({ form, set, failure, working, onSubmit, children }: StepProps & { children: preact.ComponentChildren }) {
  const first = useCell(session)?.first_start
  return (
    <form onSubmit={onSubmit}>
      <h1>{first ? t.signIn.firstStart : t.signIn.title}</h1>
      {first && <p>{t.signIn.firstStartText}</p>}
      {children}
      <UserField form={form} set={set} />
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

/** What the unit is asked, by the way that was chosen. */
function bodyOf(form: Form, way: Way, changing: boolean): Record<string, string> {
  const { user, password, next } = form
  if (way === 'pin') return { user, pin: password }
  if (way === 'puk') return { user, puk: password, new_pin: next }
  return changing ? { user, password, new_password: next } : { user, password }
}

export function SignIn({ next }: { next: string }) {
  const [form, setForm] = useState<Form>(EMPTY)
  const [chosen, setWay] = useState<Way | null>(null)
  const listed = useCell(session)?.names?.length
  // Where names are listed, those who are on the list come with a PIN.
  const way = chosen ?? (listed ? 'pin' : 'password')
  const [changing, setChanging] = useState(false)
  const [failure, setFailure] = useState<string | null>(null)
  const [working, setWorking] = useState(false)
  const set = (part: Partial<Form>) => { setForm((before) => ({ ...before, ...part })); setFailure(null) }
  const changeWay = (other: Way) => { setWay(other); set({ password: '', next: '', repeat: '' }) }

  const submit = async (event: Event) => {
    event.preventDefault()
    setWorking(true)
    setFailure(null)
    try {
      const who = await ask<Session>('/session', { method: 'POST', body: bodyOf(form, way, changing) })
      setForm(EMPTY)
      setSession(who)
      void enter(who)
      go(next === '/' ? homeOf(who) : next, 'replace')
    } catch (cause) {
      if (cause instanceof Problem && cause.type.endsWith(MUST_CHANGE) && !changing) setChanging(true)
      else setFailure(refusal(cause))
      // Digits that were wrong are typed anew; they cannot be seen, so they cannot be mended.
      if (way === 'pin') setForm((before) => ({ ...before, password: '' }))
    } finally {
      setWorking(false)
    }
  }
  const props: StepProps = { form, set, failure, working, onSubmit: (event) => void submit(event) }
  const ways = <Ways way={way} onWay={changeWay} />
  return (
    <div class="sign-in">
      <p class="brand"><svg class="logo" viewBox="0 0 22 20" aria-hidden="true"><path class="bar" d="M2 4h18" /><path class="taps" d="M6 4v7M11 4v13M16 4v10" /></svg>{t.app.name}</p>
      {changing && <NewPassword {...props} onBack={() => { setChanging(false); set({ password: '', next: '', repeat: '' }) }} />}
      {!changing && way === 'password' && <Credentials {...props}>{ways}</Credentials>}
      {!changing && way === 'pin' && <PinForm {...props} onPuk={() => changeWay('puk')}>{ways}</PinForm>}
      {!changing && way === 'puk' && <PukForm {...props} onBack={() => changeWay('pin')} />}
    </div>
  )
}
