// Outlets that are on while no power comes out of them: a closed contact behind an open breaker switches nothing.
import { useEffect } from 'preact/hooks'
import { loadOutlets, type Outlet } from '../api/switching'
import { Cell } from '../base/cell'

/** Path of the outlet and why, of those that the unit says have no power. Off ones are among them; whoever draws knows the state. */
export const unpowered = new Cell<ReadonlyMap<string, string>>(new Map())

/** What is known after the outlets of `device` (null: of all) were read again; the same map when nothing changed. Pure. */
export function withOutlets(before: ReadonlyMap<string, string>, outlets: Outlet[], device: string | null): ReadonlyMap<string, string> {
  const next = new Map([...before].filter(([path]) => device !== null && !path.startsWith(`${device}/`)))
  for (const one of outlets) if (one.powered === false) next.set(one.path, one.powered_reason ?? '')
  const same = next.size === before.size && [...next].every(([path, why]) => before.get(path) === why)
  return same ? before : next
}

/** Asks now and so often while the page is looked at. `device`: only of this one; undefined: nothing to ask. */
export function useUnpowered(device: string | null | undefined, everyMs: number): void {
  useEffect(() => {
    if (device === undefined) return
    let gone = false
    const look = () => loadOutlets(device).then(
      (outlets) => gone || unpowered.set(withOutlets(unpowered.get(), outlets, device)),
      () => {}, // without contact or right there is nothing to mark
    )
    void look()
    const timer = window.setInterval(() => document.hidden || void look(), everyMs)
    return () => { gone = true; window.clearInterval(timer) }
  }, [device, everyMs])
}
