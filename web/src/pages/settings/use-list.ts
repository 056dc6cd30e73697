// A list that can be changed row by row: users, tokens.
import { useEffect, useState } from 'preact/hooks'
import { ask, sentence } from '../../api/http'

export interface List<T> {
  rows: T[] | null
  failure: string | null
  said: string | null
  /** Does one change, then reads the list again; false when it was refused. */
  run(work: () => Promise<unknown>, said: string): Promise<boolean>
}

/** Reads again after each change, so that what is shown is what the unit has. */
export function useList<T>(path: string): List<T> {
  const [rows, setRows] = useState<T[] | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const [said, setSaid] = useState<string | null>(null)
  const read = () => ask<T[]>(path).then(setRows)
  useEffect(() => {
    read().catch((cause) => setFailure(sentence(cause)))
  }, [path])
  const run = async (work: () => Promise<unknown>, words: string) => {
    setFailure(null)
    setSaid(null)
    try {
      await work()
      setSaid(words)
      await read()
      return true
    } catch (cause) {
      setFailure(sentence(cause))
      return false
    }
  }
  return { rows, failure, said, run }
}
