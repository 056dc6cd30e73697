// Load against rating, as a length. The figure beside it says the number; the bar only shows it.
import type { Point } from '../api/types'
import { known } from '../format/value'
import { useValue } from '../model/values'

/** 0 to 100; null without a rating. Over the rating is a full bar, the figure says by how much. */
export function percentOf(value: number, rating: number | null): number | null {
  return rating && rating > 0 ? Math.min(Math.max((value / rating) * 100, 0), 100) : null
}

/** Dashed while nobody knows, hatched when old. */
export function LoadBar({ point, rating, upright }: { point: Point | undefined; rating: number | null; upright?: boolean }) {
  const value = useValue(point?.path)
  const share = known(value) ? percentOf(value.value, rating) : null
  const shape = ['bar', upright ? 'upright' : '', value?.quality === 'stale' ? 'stale' : '', share === null ? 'unknown' : '']
  const length = `${(share ?? 0).toFixed(1)}%`
  return (
    <span class={shape.filter(Boolean).join(' ')} aria-hidden="true">
      <span class="fill" style={upright ? { blockSize: length } : { inlineSize: length }} />
    </span>
  )
}
