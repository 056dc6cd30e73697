// Proposals of a field, and which of them fit what is typed. Pure.

/** `value` is what is taken, `label` what people know it by. */
export interface Option {
  value: string
  label: string
}

const MOST = 60

/** Every word must occur, in any order: `sdm 630`, `carlo 340`. */
export function matching(options: Option[], wanted: string): Option[] {
  const words = wanted.toLowerCase().split(/\s+/).filter(Boolean)
  return options.filter(({ value, label }) => {
    const text = `${value} ${label}`.toLowerCase()
    return words.every((word) => text.includes(word))
  }).slice(0, MOST)
}
