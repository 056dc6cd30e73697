// Says that the figures below are no longer live, since when, and that they are again.
import { useEffect, useRef, useState } from 'preact/hooks'
import { contact } from '../api/live'
import { useCell } from '../base/cell'
import { unitNow } from '../base/clock'
import { clock, moment } from '../format/time'
import { site } from '../model/site'
import { t } from '../text'

/** A break shorter than this is over before anybody has read about it. */
const PATIENCE_MS = 1500

export function Banner() {
  const now = useCell(contact)
  const zone = useCell(site)?.time_zone ?? 'UTC'
  const [shown, setShown] = useState(false)
  const [said, setSaid] = useState('')
  const wasLost = useRef(false)
  const isLost = now.state === 'lost'

  useEffect(() => {
    // The veil comes at once: an old figure must not look live for even a second.
    document.documentElement.classList.toggle('no-contact', isLost)
    if (!isLost) {
      setShown(false)
      if (wasLost.current && now.state === 'live') setSaid(t.contact.back)
      wasLost.current = false
      return
    }
    const timer = window.setTimeout(() => {
      wasLost.current = true
      setShown(true)
    }, PATIENCE_MS)
    return () => window.clearTimeout(timer)
  }, [isLost, now.state])

  const since = now.state === 'lost'
    ? (unitNow() - now.since < 43_200_000 ? clock(now.since, zone) : moment(now.since, unitNow(), zone))
    : ''
  return (
    <div role="status" aria-live="polite">
      {shown && isLost
        ? <p class="banner"><span class="shape" aria-hidden="true">◆</span><b>{t.contact.lost(since)}</b> {t.contact.lostText}</p>
        : <span class="hidden">{said}</span>}
    </div>
  )
}
