// One's own password and PIN. Who changes them shows the old one again, so that a page left open is not enough.
import { useState } from 'preact/hooks'
import { ask, sentence } from '../../api/http'
import type { Session } from '../../api/types'
import { useCell } from '../../base/cell'
import { LEAST_PIN, MOST_PIN, strength } from '../../model/password'
import { session, setSession } from '../../model/session'
import { Empty } from '../../parts/empty'
import { PasswordField } from '../../parts/password-field'
import { PinField } from '../../parts/pin-field'
import { t } from '../../text'
import { EMPTY, Failure, type Form } from './sign-in-parts'

/** What the old secret and the new one are called in the request. */
type Names = { old: 'password' | 'pin'; fresh: 'new_password' | 'new_pin' }

/** The form of one secret: what was typed, and what became of it. */
function useChange(user: string, { old, fresh }: Names) {
  const [form, setForm] = useState<Form>(EMPTY)
  const [failure, setFailure] = useState<string | null>(null)
  const [said, setSaid] = useState('')
  const [working, setWorking] = useState(false)
  const set = (part: Partial<Form>) => { setForm((before) => ({ ...before, ...part })); setFailure(null); setSaid('') }
  const submit = async (event: Event) => {
    event.preventDefault()
    setWorking(true)
    setFailure(null)
    try {
      setSession(await ask<Session>('/session', { method: 'POST', body: { user, [old]: form.password, [fresh]: form.next } }))
      setForm(EMPTY)
      setSaid(t.account.changed)
    } catch (cause) {
      setFailure(sentence(cause))
    } finally {
      setWorking(false)
    }
  }
  const differs = form.repeat !== '' && form.repeat !== form.next
  return { form, set, failure, said, working, differs, onSubmit: (event: Event) => void submit(event) }
}

type Change = ReturnType<typeof useChange>

function End({ change, ready, label }: { change: Change; ready: boolean; label: string }) {
  return (
    <>
      <p class="quiet-word" role="status">{change.differs ? t.signIn.differs : change.said}</p>
      <Failure text={change.failure} />
      <button type="submit" class="primary" disabled={change.working || !ready}>{change.working ? t.signIn.working : label}</button>
    </>
  )
}

function OwnPassword({ user }: { user: string }) {
  const change = useChange(user, { old: 'password', fresh: 'new_password' })
  const { form, set } = change
  const ready = form.password !== '' && strength(form.next, user).score >= 1 && form.repeat === form.next
  return (
    <form class="panel" onSubmit={change.onSubmit}>
      <h2>{t.account.password}</h2>
      {/* Password managers file the new password under this name. */}
      <input class="hidden" type="text" name="username" autocomplete="username" value={user} readOnly tabIndex={-1} aria-hidden="true" />
      <PasswordField label={t.account.oldPassword} value={form.password} user="" autocomplete="current-password" onValue={(password) => set({ password })} />
      <PasswordField label={t.signIn.newPassword} value={form.next} user={user} autocomplete="new-password" rated onValue={(next) => set({ next })} />
      <PasswordField label={t.signIn.repeat} value={form.repeat} user={user} autocomplete="new-password" onValue={(repeat) => set({ repeat })} />
      <End change={change} ready={ready} label={t.account.changePassword} />
    </form>
  )
}

function OwnPin({ user }: { user: string }) {
  const change = useChange(user, { old: 'pin', fresh: 'new_pin' })
  const { form, set } = change
  const ready = form.password.length >= LEAST_PIN && form.next.length >= LEAST_PIN && form.repeat === form.next
  return (
    <form class="panel" onSubmit={change.onSubmit}>
      <h2>{t.account.pin}</h2>
      <PinField label={t.account.oldPin} value={form.password} most={MOST_PIN} autocomplete="current-password" onValue={(password) => set({ password })} />
      <PinField label={t.pin.newPin} value={form.next} most={MOST_PIN} autocomplete="new-password" rule={t.pin.rule} onValue={(next) => set({ next })} />
      <PinField label={t.pin.repeat} value={form.repeat} most={MOST_PIN} autocomplete="new-password" onValue={(repeat) => set({ repeat })} />
      <End change={change} ready={ready} label={t.account.changePin} />
    </form>
  )
}

export function Account() {
  const who = useCell(session)
  if (!who?.user) return <Empty title={t.account.nobody} text={t.account.nobodyText} />
  // Where names are listed, they are of those who have a PIN.
  const pin = !!who.pin_sign_in && (!who.names?.length || who.names.includes(who.user))
  return (
    <div class="account">
      <h1>{t.account.title(who.user, pin)}</h1>
      <OwnPassword user={who.user} />
      {pin && <OwnPin user={who.user} />}
    </div>
  )
}
