// Says on every page that what is measured is not being recorded, and why: nobody looks for that on one page.
import { useCell } from '../base/cell'
import { health } from '../model/session'
import { t } from '../text'

export function HistoryBanner() {
  const problem = useCell(health)?.history_problem
  return (
    <div role="status">
      {problem && <p class="banner history-banner"><span class="shape" aria-hidden="true">◆</span><b>{t.historySettings.problem}</b> {problem}</p>}
    </div>
  )
}
