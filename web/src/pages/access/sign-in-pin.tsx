// Signing in by PIN, and unblocking it with the PUK.
import { useCell } from '../../base/cell'
import { LEAST_PIN, MOST_PIN, PUK_DIGITS } from '../../model/password'
import { session } from '../../model/session'
import { PinField } from '../../parts/pin-field'
import { t } from '../../text'
import { Failure, UserField, type StepProps } from './sign-in-parts'

/** Chosen from a list where the site wants names listed, else typed. */
function Who({ form, set }: Pick<StepProps, 'form' | 'set'>) {
  const names = useCell(session)?.names ?? []
  if (!names.length || form.other) return <UserField form={form} set={set} />
  return (
    <div class="field">
      <label for="user">{t.signIn.user}</label>
      <select id="user" required autocomplete="username" value={form.user}
        onChange={(event) => (event.currentTarget.value === '?' ? set({ other: true, user: '' }) : set({ user: event.currentTarget.value }))}>
        <option value="">{t.pin.who}</option>
        {names.map((name) => <option key={name} value={name}>{name}</option>)}
        <option value="?">{t.pin.another}</option>
      </select>
    </div>
  )
}

export function PinForm({ form, set, failure, working, onSubmit, onPuk, children }: StepProps & { onPuk: () => void; children: preact.ComponentChildren }) {
  const ready = form.user !== '' && form.password.length >= LEAST_PIN
  return (
    <form onSubmit={onSubmit}>
      <h1>{t.signIn.title}</h1>
      {children}
      <Who form={form} set={set} />
      <PinField label={t.pin.pin} value={form.password} most={MOST_PIN} autocomplete="current-password" pad onValue={(password) => set({ password })} />
      <Failure text={failure} />
      <button type="submit" class="primary wide" disabled={working || !ready}>{working ? t.signIn.working : t.signIn.submit}</button>
      <button type="button" class="quiet wide" onClick={onPuk}>{t.pin.usePuk}</button>
    </form>
  )
}

export function PukForm({ form, set, failure, working, onSubmit, onBack }: StepProps & { onBack: () => void }) {
  const differs = form.repeat !== '' && form.repeat !== form.next
  const ready = form.user !== '' && form.password.length === PUK_DIGITS && form.next.length >= LEAST_PIN && form.repeat === form.next
  return (
    <form onSubmit={onSubmit}>
      <h1>{t.pin.unblock}</h1>
      <p>{t.pin.unblockText}</p>
      <Who form={form} set={set} />
      <PinField label={t.pin.puk} value={form.password} most={PUK_DIGITS} autocomplete="off" onValue={(password) => set({ password })} />
      <PinField label={t.pin.newPin} value={form.next} most={MOST_PIN} autocomplete="new-password" rule={t.pin.rule} onValue={(next) => set({ next })} />
      <PinField label={t.pin.repeat} value={form.repeat} most={MOST_PIN} autocomplete="new-password" onValue={(repeat) => set({ repeat })} />
      <p class="quiet-word" role="status">{differs ? t.signIn.differs : ''}</p>
      <Failure text={failure} />
      <button type="submit" class="primary wide" disabled={working || !ready}>{working ? t.signIn.working : t.pin.unblockAndSignIn}</button>
      <button type="button" class="quiet wide" onClick={onBack}>{t.pin.backToPin}</button>
    </form>
  )
}
