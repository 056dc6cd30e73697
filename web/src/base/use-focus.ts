// The keyboard goes to what has just appeared: browsers heed `autofocus` only while nothing else has it.
import type { RefObject } from 'preact'
import { useEffect, useRef } from 'preact/hooks'

export function useFocus<T extends HTMLElement>(): RefObject<T | null> {
  const ref = useRef<T>(null)
  useEffect(() => ref.current?.focus(), [])
  return ref
}
