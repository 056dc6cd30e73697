// What may still be switched on: each load budget as a bar against its limit.
import { useEffect, useState } from 'preact/hooks'
import { type Budget, loadBudgets } from '../../api/switching'
import { figure } from '../../format/number'
import { percentOf } from '../../parts/bar'
import { t } from '../../text'

const AGAIN_MS = 5000

function useBudgets(): Budget[] {
  const [list, setList] = useState<Budget[]>([])
  useEffect(() => {
    let gone = false
    const look = () => loadBudgets().then((next) => gone || setList(next), () => {})
    void look()
    const timer = window.setInterval(() => document.hidden || void look(), AGAIN_MS)
    return () => { gone = true; window.clearInterval(timer) }
  }, [])
  return list
}

function One({ budget }: { budget: Budget }) {
  const words = t.control.budget
  const share = budget.now === null ? null : percentOf(budget.now, budget.limit)
  const now = budget.now === null ? words.unknown : figure(budget.now, budget.unit, 1)
  return (
    <li class={budget.over ? 'budget over' : 'budget'}>
      <span class="budget-name">{budget.label}</span>
      <span class={share === null ? 'bar unknown' : 'bar'} aria-hidden="true"><span class="fill" style={{ inlineSize: `${(share ?? 0).toFixed(1)}%` }} /></span>
      <span class="budget-words">
        {words.of(now, figure(budget.limit, budget.unit, 1))}
        {budget.over && <b> ◆ {words.over}</b>}
        {budget.basis === 'guessed' && <span class="quiet-word"> {words.guessed}</span>}
        {budget.shed > 0 && <b> {words.shed(budget.shed)}</b>}
      </span>
    </li>
  )
}

export function Budgets() {
  const list = useBudgets()
  if (!list.length) return null
  return (
    <section class="panel budgets" aria-label={t.control.budget.title}>
      <h2>{t.control.budget.title}</h2>
      <ul>{list.map((budget) => <One key={budget.name} budget={budget} />)}</ul>
    </section>
  )
}
