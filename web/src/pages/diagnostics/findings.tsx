// What is wrong on the lines, the heaviest first: what, on what evidence, and the way out.
import type { DoctorLine, Finding } from '../../api/doctor'
import { deviceAddress } from '../../route/route'
import { t } from '../../text'

const ORDER = { certain: 0, likely: 1, hint: 2 }
const SHAPE = { certain: '■', likely: '◆', hint: '●' }

function Row({ line, finding }: { line: string; finding: Finding }) {
  return (
    <li class={`finding ${finding.weight}`}>
      <p class="finding-what">
        <span class="shape" aria-hidden="true">{SHAPE[finding.weight]}</span>
        <strong>{finding.what}</strong>{' '}
        <span class="finding-place">
          {t.doctor.onLine(line)}
          {finding.device && <>, <a href={deviceAddress(finding.device)}>{finding.device}</a></>}
          {' · '}{t.doctor.weight[finding.weight]}
        </span>
      </p>
      <p class="finding-evidence">{finding.evidence}</p>
      <p>{finding.way_out}</p>
    </li>
  )
}

export function Findings({ lines }: { lines: DoctorLine[] }) {
  const found = lines.flatMap((line) => line.findings.map((finding) => ({ line: line.name, finding })))
  found.sort((a, b) => ORDER[a.finding.weight] - ORDER[b.finding.weight])
  return (
    <section class="panel" aria-labelledby="doctor">
      <h2 id="doctor">{t.doctor.title}</h2>
      {found.length === 0
        ? <p class="health-word fine"><span class="shape" aria-hidden="true">✓</span>{t.doctor.sound}</p>
        : <ul class="findings">
          {found.map(({ line, finding }) => <Row key={`${line} ${finding.kind} ${finding.unit}`} line={line} finding={finding} />)}
        </ul>}
    </section>
  )
}
