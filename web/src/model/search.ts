// Search over points, devices, settings and pages: every word must occur, better places count more.
export type HitKind = 'page' | 'device' | 'point' | 'setting'

/** Something that can be found and opened. */
export interface Entry {
  kind: HitKind
  title: string
  detail: string
  href: string
  /** Point path, for pickers. */
  path?: string
}

/** 0 when the word does not occur at all. */
function wordScore(word: string, title: string, detail: string): number {
  if (title === word) return 12
  if (title.startsWith(word)) return 8
  // The start of a part of a path, such as `cur` in `pdu-a/outlet-3/current`.
  if (new RegExp(`[\\s/_.-]${escape(word)}`).test(title)) return 6
  if (title.includes(word)) return 4
  if (detail.includes(word)) return 2
  return 0
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

const KIND_BONUS: Record<HitKind, number> = { page: 1.5, device: 1, point: 0, setting: 0.5 }

/** 0 when any of the words is missing: more words narrow down, never widen. */
export function score(entry: Entry, wanted: string): number {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean)
  if (!words.length) return 0
  const title = entry.title.toLowerCase()
  const detail = entry.detail.toLowerCase()
  let sum = 0
  for (const word of words) {
    const one = wordScore(word, title, detail)
    if (!one) return 0
    sum += one
  }
  // Among equals the shorter title is the closer one.
  return sum + KIND_BONUS[entry.kind] - title.length / 1000
}

/** Without words the way-points are offered: pages, devices, settings, but not a thousand points. */
export function find(entries: Entry[], wanted: string, most: number): Entry[] {
  if (!wanted.trim()) return entries.filter((entry) => entry.kind !== 'point').slice(0, most)
  return entries
    .map((entry) => ({ entry, score: score(entry, wanted) }))
    .filter((hit) => hit.score > 0)
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map((hit) => hit.entry)
}
