// Who is connected to the NUT server: user, what they are attached to, whether anybody can listen in.
import type { NutClient } from '../../api/nut'
import { span } from '../../format/time'
import { t } from '../../text'

function Client({ client }: { client: NutClient }) {
  const { column, ...words } = t.nut
  return (
    <tr>
      <th scope="row">{client.address}<span class="quiet-word">:{client.port}</span></th>
      <td data-label={column.user}>{client.user || <span class="absent">{words.notSignedIn}</span>}</td>
      <td data-label={column.to}>{client.attached || <span class="absent">{words.nowhere}</span>}{client.primary && <> <span class="place-mark" data-why={words.primaryWhy} tabIndex={0}>{words.primary}</span></>}</td>
      <td data-label={column.encrypted}>{client.encrypted ? words.yes : words.no}</td>
      <td class="number" data-label={column.since}>{span(client.connected_ms)}</td>
      <td class="number" data-label={column.quiet}>{client.quiet_ms === null ? words.never : words.ago(span(client.quiet_ms))}</td>
    </tr>
  )
}

export function NutClients({ clients }: { clients: NutClient[] }) {
  const { column, ...words } = t.nut
  return (
    <div class="panel">
      <h2>{words.clientsTitle}</h2>
      {!clients.length && <p class="quiet-word">{words.clientsNone}</p>}
      {clients.length > 0 && (
        <div class="scroll" tabIndex={0} role="region" aria-label={words.clientsTitle}>
          <table class="readings card-table nut-clients">
            <thead>
              <tr>
                {['client', 'user', 'to', 'encrypted'].map((name) => <th key={name} scope="col">{column[name]}</th>)}
                <th scope="col" class="number">{column.since}</th><th scope="col" class="number">{column.quiet}</th>
              </tr>
            </thead>
            <tbody>{clients.map((client) => <Client key={`${client.address} ${client.port}`} client={client} />)}</tbody>
          </table>
        </div>
      )}
    </div>
  )
}
