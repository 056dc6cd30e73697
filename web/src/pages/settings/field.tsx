// A setting that exists, on the desk: edited in place, applied with the others.
import type { SettingEntry, SettingRow } from '../../api/types'
import { t } from '../../text'
import type { Offer } from './choices'
import { Line } from './line'
import { textOf } from './model'
import type { Bench } from './use-settings'

export function Field({ entry, row, name, bench, offer = null }: { entry: SettingEntry; row: SettingRow; name: string; bench: Bench; offer?: Offer | null }) {
  const edit = bench.desk.edits.get(entry.key)
  const text = edit ? edit.text : row.secret ? '' : textOf(entry.value)
  return (
    <Line name={name} row={row} keyText={entry.key} text={text} standard={entry.default} fault={bench.fault(entry.key)} offer={offer}
      fixed={entry.source === 'file' ? t.settings.fixed(entry.place) : null} origin={entry} edited={edit !== undefined}
      onText={(next) => bench.type(entry.key, next)}>
      {entry.source === 'page' && !edit && !row.required && (
        <button type="button" class="quiet small" aria-label={t.settings.toDefaultOf(entry.key)}
          onClick={() => void bench.toDefault(entry.key)}>{t.settings.toDefault}</button>
      )}
    </Line>
  )
}
