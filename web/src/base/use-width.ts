// Width of an element, for what must be laid out by hand.
import { useLayoutEffect, useState } from 'preact/hooks'

export function useWidth(element: { current: Element | null }, first: number): number {
  const [width, setWidth] = useState(first)
  useLayoutEffect(() => {
    const node = element.current
    if (!node) return
    const look = () => setWidth(Math.floor(node.getBoundingClientRect().width) || first)
    look()
    const observer = new ResizeObserver(look)
    observer.observe(node)
    return () => observer.disconnect()
  }, [])
  return width
}
