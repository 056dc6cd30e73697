// Who may sign in, and as what.
import { useState } from 'preact/hooks'
import { ask } from '../../api/http'
import type { AccessRole, User } from '../../api/types'
import { unitNow } from '../../base/clock'
import { clock, parseTime } from '../../format/time'
import { strength } from '../../model/password'
import { session } from '../../model/session'
import { site } from '../../model/site'
import { Confirm } from '../../parts/confirm'
import { PasswordField } from '../../parts/password-field'
import { t } from '../../text'
import { useList, type List } from './use-list'

const ROLES: AccessRole[] = ['view', 'control', 'administrator']

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
  return user.must_change ? t.users.mustChange : t.users.active
}

function NewPassword({ user, list, onDone }: { user: User; list: List<User>; onDone: () => void }) {
  const [password, setPassword] = useState('')
  const save = async (event: Event) => {
    event.preventDefault()
    const done = await list.run(() => ask(address(user), { method: 'PUT', body: { password } }), t.users.changed(user.name))
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

function address(user: User): string {
  return `/users/${encodeURIComponent(user.name)}`
}

/** One cannot take away one's own role or account here: somebody has to remain. */
function Row({ user, list }: { user: User; list: List<User> }) {
  const [changing, setChanging] = useState(false)
  const me = session.get()?.user === user.name
  const setRole = (role: AccessRole) => void list.run(() => ask(address(user), { method: 'PUT', body: { role } }), t.users.changed(user.name))
  return (
    <li class="person-row">
      <span class="person-name"><b>{user.name}</b>{me && <span class="quiet-word"> {t.users.you}</span>}</span>
      {me ? <span>{t.role[user.role]}</span> : <RoleSelect label={t.users.roleOf(user.name)} value={user.role} onRole={setRole} />}
      <span class="quiet-word">{stateWords(user)}</span>
      <span class="row-actions">
        {!changing && <button type="button" class="quiet small" aria-label={t.users.setPasswordOf(user.name)} onClick={() => setChanging(true)}>{t.users.setPassword}</button>}
        {!me && <Confirm label={t.users.remove} ariaLabel={t.users.removeOf(user.name)} question={t.users.removeAsk(user.name)} yes={t.users.reallyRemove}
          onYes={() => void list.run(() => ask(address(user), { method: 'DELETE' }), t.users.removed(user.name))} />}
      </span>
      {changing && <NewPassword user={user} list={list} onDone={() => setChanging(false)} />}
    </li>
  )
}

function Add({ list }: { list: List<User> }) {
  const [name, setName] = useState('')
  const [role, setRole] = useState<AccessRole>('view')
  const [password, setPassword] = useState('')
  const add = async (event: Event) => {
    event.preventDefault()
    const done = await list.run(() => ask('/users', { method: 'POST', body: { name: name.trim(), role, password } }), t.users.added(name.trim()))
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
        <PasswordField label={t.users.password} value={password} user={name} autocomplete="new-password" rated onValue={setPassword} />
      </div>
      <button type="submit" class="primary" disabled={!name.trim() || strength(password, name).score < 1}>{t.users.add}</button>
    </form>
  )
}

export function Users() {
  const list = useList<User>('/users')
  return (
    <section class="panel" aria-labelledby="users">
      <h2 id="users">{t.users.title}</h2>
      <p class="quiet-word">{t.users.text}</p>
      <div role="status">
        {list.failure && <p class="fault"><span class="shape" aria-hidden="true">◆</span>{list.failure}</p>}
        {list.said && <p class="said">{list.said}</p>}
      </div>
      <ul class="people">{list.rows?.map((user) => <Row key={user.name} user={user} list={list} />)}</ul>
      <Add list={list} />
    </section>
  )
}
