// Bars of the steps with those of the period before behind them. What was not read is hatched, never a zero.
import { useRef, useState } from 'preact/hooks'
import type { Energy } from '../../api/energy'
import { useWidth } from '../../base/use-width'
import { number } from '../../format/number'
import { stepName, stepShort, usedDecimals } from '../../format/period'
import { date } from '../../format/time'
import { findDevice, powerPoint } from '../../model/site'
import { type EnergyState, printCalendar, printEnergy } from '../../route/energy-state'
import { printGraph } from '../../route/graph-state'
import { t } from '../../text'
import { Amount, amountWords, mediumName, shareWords } from './amounts'
import { type Bar, COMPLETE, largestOf, scaleOf, type Subject } from './model'

/** Opens what a bar stands for: the day of a month, the month of a year, the hour as a curve. */
function addressOf(bar: Bar, subject: Subject, energy: Energy, state: EnergyState, zone: string): string | undefined {
  if (bar.future) return undefined
  if (energy.period !== 'day') return printEnergy({ ...state, period: energy.period === 'year' ? 'month' : 'day', at: date(bar.from * 1000, zone) })
  const device = subject.row && findDevice(subject.row.id)
  const power = device ? powerPoint(device) : undefined
  return power && printGraph({ paths: [power.path], from: String(bar.from), to: String(Math.min(bar.to, Math.floor(energy.now))) })
}

function wordsOf(bar: Bar, energy: Energy, unit: string, zone: string): string {
  const name = stepName(energy.period, bar.from, bar.to, zone)
  const before = bar.before === null ? null : amountWords(bar.before, unit)
  if (bar.future) return t.energy.stepFuture(name, before)
  const used = amountWords(bar.used, unit)
  return t.energy.step(name, bar.used !== null && bar.covered < COMPLETE ? t.energy.stepPart(used, shareWords(bar.covered)) : used, before)
}

/** The taller the better seen; the front one is narrower, so that both always show. */
function Pair({ bar, top }: { bar: Bar; top: number }) {
  const height = (value: number) => `${(value / top) * 100}%`
  const part = bar.used !== null && bar.covered < COMPLETE
  return (
    <>
      {bar.before !== null && <span class="bar-before" style={{ blockSize: height(bar.before) }} />}
      {bar.used !== null && <span class={part ? 'bar-used partly' : 'bar-used'} style={{ blockSize: height(bar.used) }} />}
      {bar.used === null && !bar.future && <span class="bar-missing" />}
    </>
  )
}

interface BarsProps {
  energy: Energy
  subject: Subject
  state: EnergyState
  zone: string
}

/** One stop for the Tab key; arrows walk the bars. */
function Bars({ energy, subject, state, zone }: BarsProps) {
  const list = useRef<HTMLOListElement>(null)
  const width = useWidth(list, 800)
  const [at, setAt] = useState(0)
  const { bars } = subject
  const { top, lines } = scaleOf(largestOf(bars))
  const decimals = Math.max(0, -Math.floor(Math.log10(lines[1] ?? 1) + 1e-9))
  const every = Math.ceil((energy.period === 'year' ? 30 : 22) * bars.length / Math.max(width, 1))
  const walk = (event: KeyboardEvent) => {
    const to = ({ ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: bars.length - 1 } as Record<string, number>)[event.key]
    if (to === undefined) return
    event.preventDefault()
    const next = Math.min(Math.max(to, 0), bars.length - 1)
    setAt(next)
    list.current?.querySelectorAll<HTMLElement>('.slot')[next]?.focus()
  }
  return (
    <div class="bars">
      <div class="bars-scale" aria-hidden="true">
        {lines.map((line) => <span key={line} style={{ insetBlockEnd: `${(line / top) * 100}%` }}>{number(line, decimals)}</span>)}
      </div>
      <div class="bars-area">
        <div class="bars-lines" aria-hidden="true">{lines.map((line) => <span key={line} style={{ insetBlockEnd: `${(line / top) * 100}%` }} />)}</div>
        <ol ref={list} aria-label={t.energy.barsText(subject.name, bars.length)} onKeyDown={walk}>
          {bars.map((bar, index) => {
            const words = wordsOf(bar, energy, subject.used.unit, zone)
            const to = addressOf(bar, subject, energy, state, zone)
            return (
              <li key={bar.from} class={bar.future ? 'future' : undefined}>
                {to
                  ? <a class="slot" href={to} tabIndex={index === at ? 0 : -1} aria-label={words} data-why={words} onFocus={() => setAt(index)}><Pair bar={bar} top={top} /></a>
                  : <span class="slot" role="img" tabIndex={index === at ? 0 : -1} aria-label={words} data-why={words} onFocus={() => setAt(index)}><Pair bar={bar} top={top} /></span>}
                <span class="slot-name" aria-hidden="true">{index % every === 0 ? stepShort(energy.period, bar.from, zone) : ''}</span>
              </li>
            )
          })}
        </ol>
      </div>
    </div>
  )
}

function Legend({ bars }: { bars: Bar[] }) {
  const words = t.energy.legend
  const missing = bars.some((bar) => bar.used === null && !bar.future)
  const partly = bars.some((bar) => bar.used !== null && bar.covered < COMPLETE)
  const key = (name: string, label: string) => <span key={name}><span class={`bar-key ${name}`} />{label}</span>
  return (
    <p class="bars-legend" aria-hidden="true">
      {key('used', words.used)}{key('before', words.before)}{partly && key('partly', words.partly)}{missing && key('missing', words.missing)}
    </p>
  )
}

/** The same figures for those who do not see bars, and for copying. */
function StepsTable({ energy, subject, zone }: Omit<BarsProps, 'state'>) {
  const words = t.energy
  const decimals = usedDecimals(largestOf(subject.bars))
  const { unit } = subject.used
  return (
    <details class="alternative">
      <summary>{words.stepsTable}</summary>
      <div class="scroll" tabIndex={0} role="region" aria-label={words.stepsTable}>
        <table class="readings">
          <thead><tr><th scope="col">{words.stepColumn.step}</th><th scope="col" class="number">{words.stepColumn.used}</th><th scope="col" class="number">{words.stepColumn.before}</th><th scope="col" class="number">{words.stepColumn.covered}</th></tr></thead>
          <tbody>
            {subject.bars.map((bar) => (
              <tr key={bar.from}>
                <th scope="row">{stepName(energy.period, bar.from, bar.to, zone)}</th>
                <td class="number">{bar.future ? '' : <Amount used={bar.used} unit={unit} decimals={decimals} />}</td>
                <td class="number">{bar.before === null ? t.value.none : <Amount used={bar.before} unit={unit} decimals={decimals} />}</td>
                <td class="number">{bar.future ? '' : shareWords(bar.used === null ? 0 : bar.covered)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  )
}

export function BarsPanel(props: BarsProps) {
  const { energy, subject, state } = props
  const words = t.energy
  const isCounted = subject.row !== null && energy.by !== 'medium'
  return (
    <section class="panel bars-panel" aria-label={words.bars(subject.name)}>
      <div class="panel-head">
        <h2>{subject.row ? subject.name : words.barsSum(subject.name)} <span class="unit">{subject.used.unit}</span></h2>
        {!subject.row && energy.totals.length > 1 && (
          <span class="chips">
            {energy.totals.filter((one) => `sum:${one.medium}` !== subject.id).map((one) => <a key={one.medium} href={printEnergy({ ...state, of: `sum:${one.medium}` })}>{mediumName(one.medium)}</a>)}
          </span>
        )}
        {subject.row && <span class="chips"><a href={printEnergy({ ...state, of: '' })}>{words.sums}</a></span>}
        <span class="spring" />
        {isCounted && <a href={printCalendar({ of: subject.id, year: null })}>{words.toCalendar}</a>}
      </div>
      <Bars {...props} />
      <Legend bars={subject.bars} />
      <p class="hint">{words.barsHint}</p>
      <StepsTable {...props} />
    </section>
  )
}
