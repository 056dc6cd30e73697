// One press records what every point says at this moment.
import { useState } from 'preact/hooks'
import { ask, sentence } from '../api/http'
import { useCell } from '../base/cell'
import { number } from '../format/number'
import { clock, parseTime } from '../format/time'
import { site } from '../model/site'
import { t } from '../text'

interface Appended {
  points: number
  time: string
  problem: string | null
}

export function RecordNow({ onDone = () => {} }: { onDone?: () => void }) {
  const zone = useCell(site)?.time_zone ?? 'UTC'
  const [said, setSaid] = useState<{ text: string; failed: boolean } | null>(null)
  const [working, setWorking] = useState(false)
  const words = t.historySettings
  const record = async () => {
    setWorking(true)
    try {
      const { points, time, problem } = await ask<Appended>('/history/append', { method: 'POST' })
      setSaid({ text: problem ?? words.recorded(number(points, 0), clock(parseTime(time) ?? 0, zone)), failed: problem !== null })
      onDone()
    } catch (cause) {
      setSaid({ text: sentence(cause), failed: true })
    }
    setWorking(false)
  }
  return (
    <p class="record-now">
      <button type="button" disabled={working} onClick={() => void record()}>{words.recordNow}</button>{' '}
      <span role="status">{said ? <span class={said.failed ? 'fault' : 'said'}>{said.text}</span> : <span class="quiet-word">{words.recordNowText}</span>}</span>
    </p>
  )
}
