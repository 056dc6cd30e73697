// A page that is fetched when it is first opened.
import type { ComponentType } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { useLost } from '../api/live'
import { Empty } from '../parts/empty'
import { t } from '../text'

interface State<P> {
  part: ComponentType<P> | null
  failed: boolean
}

/** `load` is called once, when the part is first drawn. */
export function lazy<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let loaded: ComponentType<P> | null = null
  return function Lazy(props: P) {
    const [state, setState] = useState<State<P>>({ part: loaded, failed: false })
    const lost = useLost()
    useEffect(() => {
      if (loaded) return
      // A browser remembers that a module could not be fetched: only a new page asks for it again.
      if (state.failed && !lost) location.reload()
      else if (!state.failed) {
        load().then(
          (part) => setState({ part: (loaded = part), failed: false }),
          () => setState({ part: null, failed: true }),
        )
      }
    }, [lost])
    const Part = state.part
    if (Part) return <Part {...props} />
    if (state.failed && lost) return <Empty title={t.app.partUnreached} text={t.app.partUnreachedText} />
    // After an update of the unit the old page asks for files that are gone.
    if (state.failed) {
      return (
        <div class="empty" role="alert">
          <h1>{t.app.partFailed}</h1><p>{t.app.partFailedText}</p>
          <button type="button" onClick={() => location.reload()}>{t.app.reload}</button>
        </div>
      )
    }
    return <p class="loading" />
  }
}
