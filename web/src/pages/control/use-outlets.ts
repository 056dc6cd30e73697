// The outlets that there are, read again whenever the site's tree changes.
import { useEffect, useState } from 'preact/hooks'
import { sentence } from '../../api/http'
import { type Group, loadGroups, loadOutlets, type Outlet } from '../../api/switching'
import { useCell } from '../../base/cell'
import { site } from '../../model/site'

export interface Outlets {
  outlets: Outlet[] | null
  groups: Group[]
  failure: string | null
}

/** `round` counts up when they are to be read again. */
export function useOutlets(round = 0): Outlets {
  const revision = useCell(site)?.revision
  const [found, setFound] = useState<Outlets>({ outlets: null, groups: [], failure: null })
  useEffect(() => {
    let gone = false
    Promise.all([loadOutlets(), loadGroups()]).then(
      ([outlets, groups]) => gone || setFound({ outlets, groups, failure: null }),
      (cause) => gone || setFound((before) => ({ ...before, failure: sentence(cause) })),
    )
    return () => void (gone = true)
  }, [revision, round])
  return found
}
