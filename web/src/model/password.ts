// How hard a password is to guess, roughly: length counts, tricks do not. The unit decides; this only hints.
export const LEAST_LENGTH = 10

/** Digits; the unit may ask for more of a PIN. */
export const LEAST_PIN = 4
export const MOST_PIN = 8
export const PUK_DIGITS = 8

export type Hint = 'length' | 'user' | 'common' | 'repeat' | 'more' | 'fine'

export interface Strength {
  /** 0 (too easy) to 4 (strong). */
  score: number
  hint: Hint
}

const COMMON = /^(?:pass(?:wor[dt])?|admin|root|super|busbar|qwert[yz]|letmein|welcome|secret|changeme|geheim)[\d!.]*$/i

/** Characters that are not a repetition or the next in a row of the one before. */
function distinctSteps(password: string): number {
  let steps = 0
  for (let i = 0; i < password.length; i++) {
    const difference = i ? password.charCodeAt(i) - password.charCodeAt(i - 1) : 99
    if (Math.abs(difference) > 1) steps++
  }
  return steps
}

/** The first thing that is wrong decides: one hint at a time is read, five are not. */
export function strength(password: string, user: string): Strength {
  if (COMMON.test(password)) return { score: 0, hint: 'common' }
  if (user.length > 2 && password.toLowerCase().includes(user.toLowerCase())) return { score: 0, hint: 'user' }
  if (password.length < LEAST_LENGTH) return { score: 0, hint: 'length' }
  const steps = distinctSteps(password)
  if (steps < LEAST_LENGTH - 2 || new Set(password).size < 6) return { score: 1, hint: 'repeat' }
  if (steps < 12) return { score: 2, hint: 'more' }
  return steps < 16 ? { score: 3, hint: 'fine' } : { score: 4, hint: 'fine' }
}
