// Commands under way: the countdown, what is done of them, Cancel always at hand; and for a minute how they ended.
import { useEffect, useState } from 'preact/hooks'
import { sentence } from '../../api/http'
import { cancel, type Command, type Step } from '../../api/switching'
import { useCell } from '../../base/cell'
import { useNow } from '../../base/clock'
import { span } from '../../format/time'
import { commands, doneCount, forgetOld, learn, nextIn } from '../../model/switching'
import { Pending } from '../../parts/outlet-strip'
import { t } from '../../text'

/** Steps of a small command stand open; of a large one they unfold. */
const OPEN_STEPS = 8

const SHAPES: Record<string, string> = {
  pending: '○', sent: '◐', confirmed: '●', cancelled: '–', refused: '◆', failed: '◆', unknown: '?',
  running: '◐', done: '●',
}

function StepRow({ step }: { step: Step }) {
  const words = t.control
  const waits = step.state === 'pending' || step.state === 'sent'
  return (
    <li class={`step ${step.state}`}>
      <span class="shape" aria-hidden="true">{SHAPES[step.state]}</span>
      <span class="step-who"><b>{step.label || step.target}</b> <span class="quiet-word">{step.target}</span></span>
      <span class="step-what">
        {waits ? <Pending step={step} /> : <>{step.after_text ?? ''} <span class="quiet-word">{words.state[step.state]}{step.confirmed_ms !== null && ` · ${span(step.confirmed_ms)}`}</span></>}
        {step.reason && <span class="plan-note">{step.reason}</span>}
      </span>
    </li>
  )
}

function Steps({ command }: { command: Command }) {
  const list = <ul class="steps">{command.steps.map((step) => <StepRow key={step.target} step={step} />)}</ul>
  if (command.steps.length <= OPEN_STEPS) return list
  return <details><summary>{t.control.steps}</summary>{list}</details>
}

function One({ command, may }: { command: Command; may: boolean }) {
  useNow()
  const words = t.control
  const [refusal, setRefusal] = useState<string | null>(null)
  const running = command.state === 'running'
  const what = words.doing(words.action[command.action] ?? command.action, command.steps.length)
  const next = running ? nextIn(command, Date.now()) : null
  const drop = () => {
    setRefusal(null)
    cancel(command.id!).then(learn, (cause) => setRefusal(sentence(cause)))
  }
  return (
    <section class={`panel command ${command.state}`} aria-label={what} data-command={command.id}>
      <div class="command-head">
        <span class="shape" aria-hidden="true">{SHAPES[command.state] ?? '◆'}</span>
        <h2>{what}</h2>
        <span class="quiet-word">{words.by(command.actor)}</span>
        <span class="command-state" role="status">
          {running ? words.progress(doneCount(command), command.steps.length) : words.state[command.state]}
        </span>
        {next !== null && next > 0 && <b class="countdown">{words.nextIn(span(next))}</b>}
        <span class="spring" />
        {running && may && <button type="button" class="danger" aria-label={words.cancelLabel(what)} onClick={drop}>{words.cancel}</button>}
      </div>
      {refusal && <p class="reason" role="alert">{refusal}</p>}
      <Steps command={command} />
    </section>
  )
}

export function Running({ may }: { may: boolean }) {
  const list = useCell(commands)
  useEffect(() => {
    const timer = window.setInterval(() => forgetOld(), 5000)
    return () => window.clearInterval(timer)
  }, [])
  if (!list.length) return null
  return <div class="commands" aria-label={t.control.running} role="region">{list.map((one) => <One key={one.id} command={one} may={may} />)}</div>
}
