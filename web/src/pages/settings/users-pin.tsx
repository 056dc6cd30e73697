// The PIN of a user: set, made, shown once, taken away.
import { useState } from 'preact/hooks'
import { ask } from '../../api/http'
import type { Codes, User } from '../../api/types'
import { LEAST_PIN, MOST_PIN } from '../../model/password'
import { Confirm } from '../../parts/confirm'
import { PinField } from '../../parts/pin-field'
import { t } from '../../text'
import type { List } from './use-list'

/** What was made for whom; on no other screen, ever. */
export interface Made extends Codes {
  name: string
}

/** In groups of four, as one reads digits out. */
function grouped(code: string): string {
  return code.length > 6 ? `${code.slice(0, 4)} ${code.slice(4)}` : code
}

export function Once({ made, onDone }: { made: Made; onDone: () => void }) {
  return (
    <div class="once codes" role="status">
      <p><b>{t.pin.once(made.name)}</b></p>
      <dl>
        {made.pin !== null && <><dt>{t.pin.pin}</dt><dd>{grouped(made.pin)}</dd></>}
        {made.puk !== null && <><dt>{t.pin.puk}</dt><dd>{grouped(made.puk)}</dd></>}
      </dl>
      <button type="button" onClick={onDone}>{t.pin.done}</button>
    </div>
  )
}

export function userAddress(user: User): string {
  return `/users/${encodeURIComponent(user.name)}`
}

export function PinPanel({ user, list, onMade, onDone }: { user: User; list: List<User>; onMade: (made: Made) => void; onDone: () => void }) {
  const [pin, setPin] = useState('')
  const has = (user.pin ?? 'none') !== 'none'
  const make = async (method: 'PUT' | 'POST', part: 'pin' | 'puk', body: { pin?: string }) => {
    const done = await list.run(async () => {
      onMade({ name: user.name, ...await ask<Codes>(`${userAddress(user)}/${part}`, { method, body }) })
    }, t.users.changed(user.name))
    if (done) onDone()
  }
  const remove = async () => {
    const done = await list.run(() => ask(`${userAddress(user)}/pin`, { method: 'DELETE' }), t.pin.removed(user.name))
    if (done) onDone()
  }
  return (
    <form class="inline-form" onSubmit={(event) => { event.preventDefault(); void make('PUT', 'pin', { pin }) }}>
      <p class="quiet-word">{t.pin.text}</p>
      <span class="form-actions">
        <button type="button" class="primary" onClick={() => void make('PUT', 'pin', {})}>{t.pin.make}</button>
        {has && <button type="button" onClick={() => void make('POST', 'puk', {})}>{t.pin.makePuk}</button>}
      </span>
      <PinField label={t.pin.chosen} value={pin} most={MOST_PIN} autocomplete="off" rule={t.pin.rule} onValue={setPin} />
      <span class="form-actions">
        <button type="submit" disabled={pin.length < LEAST_PIN}>{t.pin.setChosen}</button>
        {has && user.password !== false && <Confirm label={t.pin.remove} ariaLabel={t.pin.removeAsk(user.name)} question={t.pin.removeAsk(user.name)} yes={t.pin.reallyRemove} onYes={() => void remove()} />}
        <button type="button" onClick={onDone}>{t.pin.close}</button>
      </span>
    </form>
  )
}
