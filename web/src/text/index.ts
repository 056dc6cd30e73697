// The language of the pages. Another language is another file with the same shape.
import { en } from './en'

export type Text = typeof en

export const t: Text = en
