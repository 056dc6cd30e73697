// Lists of outlets as records hold them: paths, patterns and groups with commas between. Pure.

/** Its parts, without blanks, each once, in their order. */
export function split(list: string): string[] {
  return [...new Set(list.split(',').map((one) => one.trim()).filter(Boolean))]
}

export function join(parts: string[]): string {
  return parts.join(', ')
}

/** As the unit matches: `*` stands for any letters, never for a slash. */
export function fits(pattern: string, path: string): boolean {
  if (pattern === path) return true
  if (!pattern.includes('*')) return false
  const words = pattern.split('*').map((word) => word.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${words.join('[^/]*')}$`).test(path)
}

/** One place up (-1) or down (1); at the ends it stays. */
export function moved(parts: string[], at: number, by: -1 | 1): string[] {
  const to = at + by
  if (to < 0 || to >= parts.length) return parts
  const next = [...parts]
  next[at] = parts[to]!
  next[to] = parts[at]!
  return next
}

/** A name for files and addresses, from what people call it: `Core switches` becomes `core-switches`. */
export function nameFrom(label: string): string {
  return label.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 63)
}
