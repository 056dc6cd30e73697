// Can the unit reach that machine: its name, an echo, a connection. And does somebody keep its clock right.
import { useEffect, useState } from 'preact/hooks'
import type { Reach, ReachClock, ReachStep } from '../../api/doctor'
import { ask, sentence } from '../../api/http'
import { number } from '../../format/number'
import { splitHost } from '../../model/host'
import { t } from '../../text'

function Step({ name, step }: { name: string; step: ReachStep | null }) {
  if (!step) return null
  const words = t.doctor.reach
  return (
    <li>
      <span class={step.ok ? 'health-word fine' : 'health-word some'}>
        <span class="shape" aria-hidden="true">{step.ok ? '✓' : '◆'}</span>{name}
      </span>{' '}
      {step.ok ? words.took(number(step.took_ms, 1)) : step.problem}
    </li>
  )
}

function Clock() {
  const [clock, setClock] = useState<ReachClock | null>(null)
  useEffect(() => {
    const stop = new AbortController()
    ask<ReachClock>('/reach/clock', { signal: stop.signal }).then(setClock, () => {})
    return () => stop.abort()
  }, [])
  const words = t.doctor.reach
  if (!clock) return null
  return <p>{clock.synchronised ? words.clockKept(number(clock.error_ms ?? 0, 1)) : clock.known ? words.clockAlone : words.clockUnknown}</p>
}

export function ReachPanel() {
  const [text, setText] = useState('')
  const [busy, setBusy] = useState(false)
  const [reach, setReach] = useState<Reach | null>(null)
  const [failure, setFailure] = useState<string | null>(null)
  const words = t.doctor.reach
  const test = (event: Event) => {
    event.preventDefault()
    setBusy(true)
    ask<Reach>('/reach', { method: 'POST', body: splitHost(text) })
      .then((now) => { setReach(now); setFailure(null) }, (cause) => { setReach(null); setFailure(sentence(cause)) })
      .finally(() => setBusy(false))
  }
  return (
    <section class="panel" aria-labelledby="reach">
      <h2 id="reach">{words.title}</h2>
      <Clock />
      <form class="reach" onSubmit={test}>
        <label for="reach-host">{words.host}</label>
        <input id="reach-host" value={text} required autoComplete="off" spellcheck={false} placeholder="192.0.2.10:502"
          onInput={(event) => setText(event.currentTarget.value)} />
        <button type="submit" disabled={busy}>{busy ? words.testing : words.test}</button>
      </form>
      <div role="status">
        {reach && (
          <ul class="plain-list">
            <Step name={reach.address ? words.name(reach.address) : words.noName} step={reach.name} />
            <Step name={words.ping} step={reach.ping} />
            <Step name={words.connect} step={reach.connect} />
          </ul>
        )}
      </div>
      {failure && <p class="reason" role="alert">{failure}</p>}
    </section>
  )
}
