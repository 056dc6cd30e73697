// Who is signed in, and what follows from it.
import { ask, setCsrf } from '../api/http'
import type { AccessRole, Health, Session } from '../api/types'
import { Cell } from '../base/cell'

export const session = new Cell<Session | null>(null)
export const health = new Cell<Health | null>(null)

/** Also hands the CSRF token to all later requests. */
export function setSession(next: Session): void {
  setCsrf(next.csrf)
  session.set(next)
}

/** Reading may be open to everybody. */
export function mayView(who: Session | null): boolean {
  return !!who && (who.user !== null || who.view_open)
}

const RANK: Record<AccessRole, number> = { view: 1, control: 2, installer: 3, administrator: 4 }

/** Never true without a signed-in user, even where viewing is open. */
export function mayAs(who: Session | null, needed: AccessRole): boolean {
  return !!who?.role && who.user !== null && RANK[who.role] >= RANK[needed]
}

export async function loadSession(): Promise<Session> {
  const next = await ask<Session>('/session')
  setSession(next)
  return next
}

/** The session is asked for again afterwards: viewing may be open still. */
export async function signOut(): Promise<void> {
  await ask<void>('/session', { method: 'DELETE' })
  await loadSession()
}

export async function loadHealth(): Promise<void> {
  try {
    health.set(await ask<Health>('/health'))
  } catch {
    // The live stream already says that there is no contact.
  }
}
