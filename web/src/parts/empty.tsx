import type { ComponentChildren } from 'preact'
import { useCell } from '../base/cell'
import { mayAs, session } from '../model/session'
import { address, signInAddress } from '../route/route'
import { t } from '../text'

/** A page, or a `part` of one, without content: what is missing and the way out. */
export function Empty({ title, text, part, children }: { title: string; text: string; part?: boolean; children?: ComponentChildren }) {
  return <div class="empty">{part ? <h2>{title}</h2> : <h1>{title}</h1>}<p>{text}</p>{children}</div>
}

/** To where something is set up, for those who may; the others can sign in first. */
export function WayOut({ to, words }: { to: string; words: string }) {
  const who = useCell(session)
  if (mayAs(who, 'installer')) return <p><a class="button" href={to}>{words}</a></p>
  return who?.user ? null : <p><a class="button" href={signInAddress(address())}>{t.head.signIn}</a></p>
}
