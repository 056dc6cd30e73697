// A key of a record by its schema alone: name, control, sentence, range, fault.
import type { SettingTable } from '../api/types'
import { Line } from '../pages/settings/line'
import type { RecordDesk } from './use-records'

export interface RowLineProps {
  desk: RecordDesk
  table: SettingTable
  row: string
  label?: string
}

export function RowLine({ desk, table, row: key, label }: RowLineProps) {
  const row = table.rows.find((one) => one.key === key)
  if (!row) return null
  return <Line name={key} label={label} row={row} keyText={`${table.name}.${key}`} text={desk.text(key)} standard={row.default ?? null} offer={null} fault={desk.fault(key)} onText={(next) => desk.type({ [key]: next })} />
}

export function RowLines({ desk, table, rows, labels = {} }: { desk: RecordDesk; table: SettingTable; rows: string[]; labels?: Record<string, string> }) {
  return <>{rows.map((row) => <RowLine key={row} desk={desk} table={table} row={row} label={labels[row]} />)}</>
}
