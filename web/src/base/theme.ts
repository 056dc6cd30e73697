// Light or dark, from the system: for what is drawn on canvas and must be drawn again.
import { Cell } from './cell'

const dark = matchMedia('(prefers-color-scheme: dark)')

export const theme = new Cell<'light' | 'dark'>(dark.matches ? 'dark' : 'light')

dark.addEventListener('change', () => theme.set(dark.matches ? 'dark' : 'light'))

/** A colour of the style sheet, as a value that canvas understands. */
export function colour(name: string, element: Element = document.documentElement): string {
  return getComputedStyle(element).getPropertyValue(name).trim()
}
