// What will happen, in order and with times, before it happens; then the press that does it.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem, sentence } from '../../api/http'
import { type Action, askWhat, type Plan, submit } from '../../api/switching'
import { useNow } from '../../base/clock'
import { span } from '../../format/time'
import { learn } from '../../model/switching'
import { t } from '../../text'

/** Asked anew so often: states and times move on, and a code does not hold for ever. */
const AGAIN_MS = 60_000

type Asked = { plan: Plan } | { refusal: string } | null

/** Not while somebody types the code (`held`): it would change under their fingers. `round` asks anew at once. */
function usePlan(targets: string[], action: Action, held: boolean, round: number): Asked {
  const [asked, setAsked] = useState<Asked>(null)
  const key = [action, round, ...targets].join('\n')
  const isHeld = useRef(held)
  isHeld.current = held
  useEffect(() => {
    const stop = new AbortController()
    const look = () =>
      askWhat({ targets, action }, stop.signal).then(
        (plan) => setAsked({ plan }),
        (cause) => stop.signal.aborted || setAsked({ refusal: sentence(cause) }),
      )
    setAsked(null)
    void look()
    const timer = window.setInterval(() => isHeld.current || void look(), AGAIN_MS)
    return () => {
      stop.abort()
      window.clearInterval(timer)
    }
  }, [key])
  return asked
}

/** A press that reached the unit although its answer was lost must not switch twice. Also without HTTPS. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

function Steps({ plan, action }: { plan: Plan; action: Action }) {
  useNow()
  const words = t.control
  return (
    <ol class="plan-steps">
      {plan.command.steps.map((step) => (
        <li key={step.target}>
          <span class="plan-when">{step.due_in_ms ? words.after(span(step.due_in_ms)) : words.atOnce}</span>
          <span class="plan-who"><b>{step.label || step.target}</b> <span class="quiet-word">{step.target}</span></span>
          <span class="plan-what">
            {step.wish_text ? words.from(step.before_text ?? words.nowUnknown, step.wish_text) : words.action[action]}
            {typeof step.hold_ms === 'number' && words.then(span(step.hold_ms))}
            {step.reason && <span class="plan-note">{step.reason}</span>}
          </span>
        </li>
      ))}
    </ol>
  )
}

/** The second, different gesture: a code that is typed. */
function Code({ code, typed, onTyped }: { code: string; typed: string; onTyped: (text: string) => void }) {
  return (
    <div class="field plan-code">
      <p><span class="shape" aria-hidden="true">◆</span> {t.control.critical}</p>
      <label for="code">{t.control.typeCode(code)}</label>
      <input id="code" autocomplete="off" autocapitalize="off" spellcheck={false} value={typed} onInput={(event) => onTyped(event.currentTarget.value)} />
    </div>
  )
}

export interface PlanProps {
  targets: string[]
  action: Action
  onDone: () => void
  onBack: () => void
}

export function PlanPanel({ targets, action, onDone, onBack }: PlanProps) {
  const words = t.control
  const [typed, setTyped] = useState('')
  const [round, setRound] = useState(0)
  const asked = usePlan(targets, action, typed !== '', round)
  const [reason, setReason] = useState('')
  const [key] = useState(newKey)
  const [working, setWorking] = useState(false)
  const [refusal, setRefusal] = useState<string | null>(null)
  const plan = asked && 'plan' in asked ? asked.plan : null
  const code = plan?.confirm ?? null
  const ready = plan !== null && !working && (code === null || typed.trim() === code)
  const perform = async (event: Event) => {
    event.preventDefault()
    if (!ready) return
    setWorking(true)
    setRefusal(null)
    try {
      learn(await submit({ targets, action, key, reason: reason.trim() || undefined, confirm: code ?? undefined }))
      onDone()
    } catch (cause) {
      setRefusal(sentence(cause))
      setWorking(false)
      // A code that was typed too slowly: here is another one.
      if (cause instanceof Problem && cause.type.endsWith('/confirm-required')) {
        setTyped('')
        setRound(round + 1)
      }
    }
  }
  return (
    <form class="plan" aria-label={words.what} onSubmit={(event) => void perform(event)}>
      <h2>{words.what}: {words.action[action]}</h2>
      <p class="quiet-word">{words.does[action]}</p>
      {!asked && <p class="loading" role="status">{words.asking}</p>}
      {asked && 'refusal' in asked && <p class="reason" role="alert"><b>{words.refused}</b> {asked.refusal}</p>}
      {plan && <Steps plan={plan} action={action} />}
      {code && <Code code={code} typed={typed} onTyped={setTyped} />}
      {plan && (
        <div class="field">
          <label for="reason">{words.why}</label>
          <input id="reason" maxLength={190} placeholder={words.whyPlaceholder} value={reason} onInput={(event) => setReason(event.currentTarget.value)} />
        </div>
      )}
      {refusal && <p class="reason" role="alert">{refusal}</p>}
      <div class="plan-buttons">
        <button type="button" onClick={onBack}>{words.back}</button>
        <button type="submit" class="primary" disabled={!ready}>{words.do(words.action[action]!, plan?.command.steps.length ?? targets.length)}</button>
      </div>
    </form>
  )
}
