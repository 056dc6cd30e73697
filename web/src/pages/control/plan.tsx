// What will happen, in order and with times, before it happens; then the press that does it.
import { useEffect, useRef, useState } from 'preact/hooks'
import { Problem, sentence } from '../../api/http'
import { type Action, askWhat, type Plan, type Step, submit } from '../../api/switching'
import { useNow } from '../../base/clock'
import { span } from '../../format/time'
import { learn } from '../../model/switching'
import { t } from '../../text'

/** Asked anew so often: states and times move on, and a code does not hold for ever. */
const AGAIN_MS = 60_000

/** While somebody drags the slider nothing is asked. */
const SETTLE_MS = 250

type Asked = { plan: Plan } | { refusal: string } | null

interface Wanted {
  targets: string[]
  action: Action
  number: number | undefined
}

/** Not while somebody types the code (`held`): it would change under their fingers. `round` asks anew at once. */
function usePlan({ targets, action, number }: Wanted, held: boolean, round: number): Asked {
  const [asked, setAsked] = useState<Asked>(null)
  const key = [action, number, round, ...targets].join('\n')
  const isHeld = useRef(held)
  isHeld.current = held
  useEffect(() => {
    const stop = new AbortController()
    const look = () =>
      askWhat({ targets, action, number }, stop.signal).then(
        (plan) => setAsked({ plan }),
        (cause) => stop.signal.aborted || setAsked({ refusal: sentence(cause) }),
      )
    setAsked(null)
    if (action === 'set' && number === undefined) return
    const first = window.setTimeout(() => void look(), action === 'set' ? SETTLE_MS : 0)
    const timer = window.setInterval(() => isHeld.current || void look(), AGAIN_MS)
    return () => {
      stop.abort()
      window.clearTimeout(first)
      window.clearInterval(timer)
    }
  }, [key])
  return asked
}

/** A press that reached the unit although its answer was lost must not switch twice. Also without HTTPS. */
function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}

/** `off → on`; of a level `20 % → 40 %`. */
function changeInWords(step: Step, action: Action): string {
  const words = t.control
  if (action === 'set' && step.wish !== null) return words.from(step.before === null ? words.nowUnknown : words.percent(step.before), words.percent(step.wish))
  return step.wish_text ? words.from(step.before_text ?? words.nowUnknown, step.wish_text) : words.action[action]!
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
            {changeInWords(step, action)}
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

/** The slider for the hand, the field for the exact figure: both say the same. */
function Level({ number, onNumber }: { number: number | null; onNumber: (number: number | null) => void }) {
  const words = t.control
  const type = (text: string) => onNumber(text.trim() === '' || !Number.isFinite(Number(text)) ? null : Math.min(100, Math.max(0, Number(text))))
  return (
    <div class="field level">
      <label for="level">{words.level}</label>
      <div class="level-row">
        <input type="range" min={0} max={100} step={1} aria-label={words.levelSlider} value={number ?? 0} onInput={(event) => type(event.currentTarget.value)} />
        <span class="with-unit"><input id="level" type="number" min={0} max={100} step="any" value={number ?? ''} onInput={(event) => type(event.currentTarget.value)} /><span class="unit">%</span></span>
      </div>
    </div>
  )
}

export interface PlanProps {
  targets: string[]
  action: Action
  /** Of `set`, and what happens when another is chosen. */
  number?: number | null
  onNumber: (number: number | null) => void
  onDone: () => void
  onBack: () => void
}

export function PlanPanel({ targets, action, number: level, onNumber, onDone, onBack }: PlanProps) {
  const words = t.control
  const [typed, setTyped] = useState('')
  const [round, setRound] = useState(0)
  const number = action === 'set' ? level ?? undefined : undefined
  const asked = usePlan({ targets, action, number }, typed !== '', round)
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
      learn(await submit({ targets, action, number, key, reason: reason.trim() || undefined, confirm: code ?? undefined }))
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
      {action === 'set' && <Level number={level ?? null} onNumber={onNumber} />}
      {!asked && (action !== 'set' || number !== undefined) && <p class="loading" role="status">{words.asking}</p>}
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
        <button type="submit" class="primary" disabled={!ready}>{words.do(number === undefined ? words.action[action]! : words.setTo(words.percent(number)), plan?.command.steps.length ?? targets.length)}</button>
      </div>
    </form>
  )
}
