import type { ComponentChildren } from 'preact'

/** A page or a part without content: what is missing and the way out. */
export function Empty({ title, text, children }: { title: string; text: string; children?: ComponentChildren }) {
  return <div class="empty"><h1>{title}</h1><p>{text}</p>{children}</div>
}
