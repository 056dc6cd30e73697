// Where the power goes: the largest takers, longest bar first.
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Site } from '../../api/types'
import { chooseScale, number, PLAIN, scaledDecimals } from '../../format/number'
import { takers, mainsPower, type Taker } from '../../model/power'
import { values } from '../../model/values'
import { Aligned } from '../../parts/figure'
import { printGraph } from '../../route/graph-state'
import { t } from '../../text'

const MOST = 10
/** Rows change places at most this often: a list that jumps cannot be read. */
const EVERY_MS = 2000

interface Look {
  rows: Taker[]
  mains: number | null
}

function look(site: Site): Look {
  const get = (path: string) => values.get(path)
  return { rows: takers(site.devices, get, MOST), mains: mainsPower(site.devices, get) }
}

export function Where({ site }: { site: Site }) {
  const [{ rows, mains }, setLook] = useState(() => look(site))
  const scale = useRef(PLAIN)
  useEffect(() => {
    const again = () => document.hidden || setLook(look(site))
    again()
    const timer = window.setInterval(again, EVERY_MS)
    const first = values.batch.subscribe(() => { first(); again() })
    return () => { window.clearInterval(timer); first() }
  }, [site])
  const largest = rows[0]?.watts ?? 0
  scale.current = chooseScale('W', largest, scale.current)
  const decimals = scaledDecimals(scale.current === PLAIN ? 0 : 1, scale.current)
  return (
    <section class="where" aria-labelledby="where">
      <h2 id="where">{t.overview.where} <span class="quiet-word">{t.overview.whereNow}</span></h2>
      {!rows.length && <p class="quiet-word">{t.overview.noTakers}</p>}
      <ol>
        {rows.map((row) => (
          <li key={row.path} class={row.stale ? 'stale' : ''}>
            <a class="taker" href={printGraph({ paths: [row.path], from: '-6h', to: 'now' })}>
              <span class="taker-name">{row.name}</span> <span class="taker-device">{row.device}</span>
            </a>
            <span class="figure">
              <Aligned value={row.watts / scale.current.divisor} decimals={decimals} />
              <span class="unit">{scale.current.prefix}W</span>
            </span>
            <span class="bar" aria-hidden="true"><span class="fill" style={{ inlineSize: `${((row.watts / largest) * 100).toFixed(1)}%` }} /></span>
            <span class="share">{mains ? `${number((row.watts / mains) * 100, 0)}\u202f%` : ''}
              {mains ? <span class="hidden">{t.overview.share('')}</span> : null}</span>
          </li>
        ))}
      </ol>
    </section>
  )
}
