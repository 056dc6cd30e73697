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
  let listNames = false
  const withPins = () => [...users].filter(([, user]) => user.pin).map(([name]) => name)

  const describe = (session) => ({
    user: session?.user ?? null, role: session ? users.get(session.user)?.role ?? null : viewOpen ? 'view' : null,
    csrf: session?.csrf ?? null, view_open: viewOpen, first_start: [...users.values()].some((user) => user.password === 'one-time-secret'),
    home: users.get(session?.user)?.home ?? 'overview', pin_sign_in: withPins().length > 0, names: listNames ? withPins() : [],
  })
  const begin = (user) => {
    const key = id()
    sessions.set(key, { user, csrf: id() })
    return { status: 200, cookie: key, session: sessions.get(key) }
  }

  const pinState = (user) => (!user.pin ? 'none' : user.puk_wrong >= 10 ? 'puk-blocked' : user.pin_wrong >= 5 ? 'blocked' : 'set')
  const weak = (pin) => (!/^\d{6,8}$/.test(pin) ? 'A PIN has 6 to 8 digits and nothing else.'
    : /^(\d)\1+$|^12345|^654321/.test(pin) ? 'This PIN is among the first that are tried; choose another.' : null)
  const digits = (count) => Array.from(randomBytes(count), (byte) => byte % 10).join('')
  const freshPin = () => { const pin = digits(6); return weak(pin) ? freshPin() : pin }

  function byPin(name, known, pin, fresh) {
    if (known && pinState(known) === 'set' && known.pin === pin) {
      if (fresh !== undefined && weak(fresh)) return { status: 422, type: '/problems/weak-password', detail: weak(fresh) }
      Object.assign(known, { pin: fresh ?? pin, pin_wrong: 0 })
      return begin(name)
    }
    if (known && pinState(known) === 'set') known.pin_wrong++
    if (listNames && known && pinState(known) === 'blocked') return { status: 403, type: '/problems/pin-blocked', detail: 'Too many PINs were wrong; the PUK unblocks it.' }
    return { status: 403, type: '/problems/sign-in-refused', detail: 'User or PIN is wrong, or the PIN is blocked: then the PUK unblocks it.' }
  }

  function byPuk(name, known, puk, pin) {
    if (weak(pin)) return { status: 422, type: '/problems/weak-password', detail: weak(pin) }
    const open = known && ['set', 'blocked'].includes(pinState(known))
    if (open && known.puk === puk) { Object.assign(known, { pin, pin_wrong: 0, puk_wrong: 0 }); return begin(name) }
    if (open) known.puk_wrong++
    return { status: 403, type: '/problems/sign-in-refused', detail: 'User or PUK is wrong, or too many were: then an administrator sets a new PIN.' }
  }

  return {
    users, tokens, describe, pinState,
    listNames: (on) => { listNames = on },
    /** As the unit does: the PIN that was made or null, and a new PUK. */
    setPin(user, pin) {
      if (pin && weak(pin)) return { status: 422, detail: weak(pin) }
      const made = pin ? null : freshPin()
      Object.assign(user, { pin: pin || made, puk: digits(8), pin_wrong: 0, puk_wrong: 0 })
      return { status: 200, codes: { pin: made, puk: user.puk } }
    },
    makePuk(user) { Object.assign(user, { puk: digits(8), puk_wrong: 0 }); return { pin: null, puk: user.puk } },
    find: (request) => sessions.get(/busbar_session=(\w+)/.exec(request.headers.cookie ?? '')?.[1]),
    signIn({ user, password, new_password, pin, puk, new_pin }) {
      const known = users.get(user)
      if (pin !== undefined) return byPin(user, known, pin, new_pin)
      if (puk !== undefined) return byPuk(user, known, puk, new_pin)
      if (!known || known.password !== password) return { status: 403, type: '/problems/sign-in-refused', detail: 'User or password is wrong.' }
      if (known.must_change || new_password) {
        if (!new_password) return { status: 403, type: '/problems/password-change-required', detail: 'The one-time secret must be replaced: send it again with a new password.' }
        if (new_password.length < 10) return { status: 422, detail: 'The new password is too short: use at least 10 characters.' }
        Object.assign(known, { password: new_password, must_change: false })
      }
      return begin(user)
    },
    signOut: (session) => { for (const [key, one] of sessions) if (one === session) sessions.delete(key) },
    endAll: () => sessions.clear(),
    listUsers: () => [...users].map(([name, user]) => ({ name, role: user.role, must_change: user.must_change, password: !!user.password, pin: pinState(user), home: user.home || null, locked_until: null })),
    listTokens: () => [...tokens.values()].map(({ secret, ...rest }) => rest),
    addToken(name, role, expires) {
      const one = { id: id().slice(0, 8), name, role, created: new Date().toISOString(), expires: expires ?? null, secret: `bb_${id()}${id()}` }
      tokens.set(one.id, one)
      return { id: one.id, token: one.secret }
    },
  }
}
