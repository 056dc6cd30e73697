// Users, sessions and tokens of the mock. Passwords are plain here: this is a stage set, not the daemon.
import { randomBytes } from 'node:crypto'

const id = () => randomBytes(12).toString('hex')

export function makeAccess({ firstStart, viewOpen }) {
  const users = new Map()
  const sessions = new Map()
  const tokens = new Map()
  if (firstStart) users.set('administrator', { role: 'administrator', password: 'one-time-secret', must_change: true })
  else users.set('administrator', { role: 'administrator', password: 'correct horse battery', must_change: false })
  users.set('night-shift', { role: 'control', password: 'correct horse battery', must_change: false })
  users.set('guest', { role: 'view', password: 'x', must_change: true })

  const describe = (session) => ({
    user: session?.user ?? null, role: session ? users.get(session.user)?.role ?? null : viewOpen ? 'view' : null,
    csrf: session?.csrf ?? null, view_open: viewOpen, first_start: [...users.values()].some((user) => user.password === 'one-time-secret'),
  })

  return {
    users, tokens, describe,
    find: (request) => sessions.get(/busbar_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1]),
    signIn({ user, password, new_password }) {
      const known = users.get(user)
      if (!known || known.password !== password) return { status: 403, type: '/problems/sign-in-refused', detail: 'User or password is wrong.' }
      if (known.must_change) {
        if (!new_password) return { status: 403, type: '/problems/password-change-required', detail: 'The one-time secret must be replaced: send it again with a new password.' }
        if (new_password.length < 10) return { status: 422, detail: 'The new password is too short: use at least 10 characters.' }
        Object.assign(known, { password: new_password, must_change: false })
      }
      const key = id()
      sessions.set(key, { user, csrf: id() })
      return { status: 200, cookie: key, session: sessions.get(key) }
    },
    signOut: (session) => { for (const [key, one] of sessions) if (one === session) sessions.delete(key) },
    endAll: () => sessions.clear(),
    listUsers: () => [...users].map(([name, user]) => ({ name, role: user.role, must_change: user.must_change })),
    listTokens: () => [...tokens.values()].map(({ secret, ...rest }) => rest),
    addToken(name, role, expires) {
      const one = { id: id().slice(0, 8), name, role, created: new Date().toISOString(), expires: expires ?? null, secret: `bb_${id()}${id()}` }
      tokens.set(one.id, one)
      return { id: one.id, token: one.secret }
    },
  }
}
