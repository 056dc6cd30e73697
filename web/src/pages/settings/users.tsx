// Who may sign in, and as what.
import { useState } from 'preact/hooks'
import { ask } from '../../api/http'
import type { AccessRole, Codes, User } from '../../api/types'
import { unitNow } from '../../base/clock'
import { clock, parseTime } from '../../format/time'
import { HOMES } from '../../model/layout'
import { strength } from '../../model/password'
import { session } from '../../model/session'
import { site } from '../../model/site'
import { Confirm } from '../../parts/confirm'
import { PasswordField } from '../../parts/password-field'
import { t } from '../../text'
import { useList, type List } from './use-list'
import { Once, PinPanel, userAddress, type Made } from './users-pin'

const ROLES: AccessRole[] = ['view', 'control', 'installer', 'administrator']

export function RoleSelect({ label, value, onRole, id }: { label?: string; value: AccessRole; onRole: (role: AccessRole) => void; id?: string }) {
  return (
    <select id={id} aria-label={label} value={value} onChange={(event) => onRole(event.currentTarget.value as AccessRole)}>
      {ROLES.map((role) => <option key={role} value={role}>{t.role[role]}</option>)}
    </select>
  )
}

function stateWords(user: User): string {
  const until = parseTime(user.locked_until ?? null)
  if (until !== null && until > unitNow()) return t.users.locked(clock(until, site.get()?.time_zone ?? 'UTC'))
  if (user.must_change) return t.users.mustChange
  return user.password === false ? t.pin.noPassword : t.users.active
}

/** A blocked PIN is said in words and by a shape. */
function PinWords({ user }: { user: User }) {
  const state = user.pin ?? 'none'
  if (state === 'none') return null
  const blocked = state !== 'set'
  return <span class={blocked ? 'pin-state warned' : 'pin-state'}>{blocked && <span class="shape" aria-hidden="true">▲</span>}{t.pin.state[state]}</span>
}

/** Null: where the role begins. */
function HomeSelect({ user, list }: { user: User; list: List<User> }) {
  const set = (home: string) => void list.run(() => ask(userAddress(user), { method: 'PUT', body: { home } }), t.users.changed(user.name))
  return (
    <label class="home-choice"><span class="quiet-word" aria-hidden="true">{t.pin.home}</span>
      <select aria-label={t.pin.homeOf(user.name)} value={user.home ?? ''} onChange={(event) => set(event.currentTarget.value)}>
        <option value="">{t.pin.homeByRole}</option>
        {Object.keys(HOMES).map((home) => <option key={home} value={home}>{t.pin.homeName[home]}</option>)}
      </select>
    </label>
  )
}

function NewPassword({ user, list, onDone }: { user: User; list: List<User>; onDone: () => void }) {
  const [password, setPassword] = useState('')
  const save = async (event: Event) => {
    event.preventDefault()
    const done = await list.run(() => ask(userAddress(user), { method: 'PUT', body: { password } }), t.users.changed(user.name))
    if (done) onDone()
  }
  return (
    <form class="inline-form" onSubmit={(event) => void save(event)}>
      <PasswordField label={t.users.newPassword} value={password} user={user.name} autocomplete="new-password" rated onValue={setPassword} />
      <span class="form-actions">
        <button type="button" onClick={onDone}>{t.users.cancel}</button>
        <button type="submit" class="primary" disabled={strength(password, user.name).score < 1}>{t.users.setPassword}</button>
      </span>
    </form>
  )
}

/** One cannot take away one's own role or account here: somebody has to remain. */
function Row({ user, list, onMade }: { user: User; list: List<User>; onMade: (made: Made) => void }) {
  const [open, setOpen] = useState<'password' | 'pin' | null>(null)
  const me = session.get()?.user === user.name
  const setRole = (role: AccessRole) => void list.run(() => ask(userAddress(user), { method: 'PUT', body: { role } }), t.users.changed(user.name))
  return (
    <li class="person-row">
      <span class="person-name"><b>{user.name}</b>{me && <span class="quiet-word"> {t.users.you}</span>}</span>
      {me ? <span>{t.role[user.role]}</span> : <RoleSelect label={t.users.roleOf(user.name)} value={user.role} onRole={setRole} />}
      <HomeSelect user={user} list={list} />
      <span class="quiet-word user-state">{stateWords(user)} <PinWords user={user} /></span>
      <span class="row-actions">
        <button type="button" class="quiet small" aria-label={t.users.setPasswordOf(user.name)} aria-expanded={open === 'password'} onClick={() => setOpen(open === 'password' ? null : 'password')}>{t.users.setPassword}</button>
        <button type="button" class="quiet small" aria-label={t.pin.openOf(user.name)} aria-expanded={open === 'pin'} onClick={() => setOpen(open === 'pin' ? null : 'pin')}>{t.pin.open}</button>
        {!me && <Confirm label={t.users.remove} ariaLabel={t.users.removeOf(user.name)} question={t.users.removeAsk(user.name)} yes={t.users.reallyRemove}
          onYes={() => void list.run(() => ask(userAddress(user), { method: 'DELETE' }), t.users.removed(user.name))} />}
      </span>
      {open === 'password' && <NewPassword user={user} list={list} onDone={() => setOpen(null)} />}
      {open === 'pin' && <PinPanel user={user} list={list} onMade={onMade} onDone={() => setOpen(null)} />}
    </li>
  )
}

type With = 'password' | 'pin' | 'both'

function Add({ list, onMade }: { list: List<User>; onMade: (made: Made) => void }) {
  const [name, setName] = useState('')
  const [role, setRole] = useState<AccessRole>('view')
  const [kind, setKind] = useState<With>('password')
  const [password, setPassword] = useState('')
  const ready = kind === 'pin' || strength(password, name).score >= 1
  const add = async (event: Event) => {
    event.preventDefault()
    const body = { name: name.trim(), role, ...(kind !== 'pin' && { password }), ...(kind !== 'password' && { pin: '' }) }
    const done = await list.run(async () => {
      const { codes } = await ask<{ codes: Codes }>('/users', { method: 'POST', body })
      if (codes.puk !== null) onMade({ name: body.name, ...codes })
    }, t.users.added(body.name))
    if (!done) return
    setName('')
    setPassword('')
  }
  return (
    <form class="add-form" onSubmit={(event) => void add(event)}>
      <h3>{t.users.add}</h3>
      <div class="fields">
        <div class="field"><label for="new-user">{t.users.name}</label>
          <input id="new-user" required autocomplete="off" autocapitalize="off" spellcheck={false} value={name} onInput={(event) => setName(event.currentTarget.value)} /></div>
        <div class="field"><label for="new-role">{t.users.role}</label><RoleSelect id="new-role" value={role} onRole={setRole} /></div>
        <div class="field"><label for="new-with">{t.pin.signsInWith}</label>
          <select id="new-with" value={kind} onChange={(event) => setKind(event.currentTarget.value as With)}>
            {(['password', 'pin', 'both'] as With[]).map((one) => <option key={one} value={one}>{t.pin.withWhat[one]}</option>)}
          </select></div>
        {kind !== 'pin' && <PasswordField label={t.users.password} value={password} user={name} autocomplete="new-password" rated onValue={setPassword} />}
      </div>
      <button type="submit" class="primary" disabled={!name.trim() || !ready}>{t.users.add}</button>
    </form>
  )
}

export function Users() {
  const list = useList<User>('/users')
  const [made, setMade] = useState<Made | null>(null)
  return (
    <section class="panel" aria-labelledby="users">
      <h2 id="users">{t.users.title}</h2>
      <p class="quiet-word">{t.users.text}</p>
      <div role="status">
        {list.failure && <p class="fault"><span class="shape" aria-hidden="true">◆</span>{list.failure}</p>}
        {list.said && <p class="said">{list.said}</p>}
      </div>
      {made && <Once made={made} onDone={() => setMade(null)} />}
      <ul class="people users">{list.rows?.map((user) => <Row key={user.name} user={user} list={list} onMade={setMade} />)}</ul>
      <Add list={list} onMade={setMade} />
    </section>
  )
}
