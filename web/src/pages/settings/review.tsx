// What is about to change, what it needs, and the two ways on: apply or discard. After it: undo.
import { t } from '../../text'
import { checkText, shown } from './model'
import type { Bench } from './use-settings'

function Changes({ bench }: { bench: Bench }) {
  const { desk } = bench
  return (
    <ul class="changes">
      {[...desk.edits].map(([key, edit]) => {
        const row = desk.rows.get(key)
        if (!row) return null
        return (
          <li key={key}>
            <code>{key}</code> <span class="from">{shown(edit.base, row)}</span> <span aria-hidden="true">→</span>{' '}
            <b>{shown(checkText(row, edit.text).value, row)}</b>
            {row.apply === 'restart' && <span class="quiet-word"> {t.settings.restart}</span>}
          </li>
        )
      })}
    </ul>
  )
}

function Conflicts({ bench }: { bench: Bench }) {
  const { desk } = bench
  return (
    <div class="conflict" role="alert">
      <p><span class="shape" aria-hidden="true">◆</span><b>{t.settings.conflict}</b> {t.settings.conflictText}</p>
      <ul>
        {desk.conflicts.map(({ key, theirs, mine }) => {
          const row = desk.rows.get(key)
          if (!row) return null
          return (
            <li key={key}>
              {t.settings.conflictSame(key, shown(theirs, row), shown(checkText(row, mine).value, row))}{' '}
              <button type="button" onClick={() => bench.keepTheirs(key)}>{t.settings.takeTheirs}</button>
            </li>
          )
        })}
        {desk.gone.map((text) => <li key={text}>{t.settings.gone(text)}</li>)}
      </ul>
    </div>
  )
}

export function Review({ bench }: { bench: Bench }) {
  const { desk } = bench
  const open = desk.edits.size > 0
  const conflict = desk.failure === t.settings.conflict
  if (!open && !desk.said && !desk.failure) return <div role="status" />
  return (
    <div class={`review${open || desk.failure ? '' : ' told'}`} role="status">
      {conflict && <Conflicts bench={bench} />}
      {desk.failure && !conflict && <p class="fault"><span class="shape" aria-hidden="true">◆</span>{desk.failure}</p>}
      {desk.said && <p>{desk.said}</p>}
      {open && <Changes bench={bench} />}
      <div class="review-actions">
        {open && <b>{t.settings.changes(desk.edits.size)}</b>}
        {open && bench.faults > 0 && <span class="fault">{t.settings.invalid(bench.faults)}</span>}
        <span class="spring" />
        {!open && desk.undo && <button type="button" disabled={desk.working} onClick={() => void bench.undo()}>{t.settings.undo}</button>}
        {open && <button type="button" disabled={desk.working} onClick={bench.discard}>{t.settings.discard}</button>}
        {open && (
          <button type="button" class="primary" disabled={desk.working || bench.faults > 0} onClick={() => void bench.apply()}>
            {desk.working ? t.settings.applying : t.settings.apply}
          </button>
        )}
      </div>
    </div>
  )
}
