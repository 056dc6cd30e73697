// The NUT server of the mock: four names at different stages, three clients; forcing and ending are remembered.
const begin = Date.now() - 31 * 3600e3
const age = (ms) => Math.round(Date.now() - begin - ms)
const forced = new Map([['archive', Date.now() - 95e3]])

const ups = (name, extra) => ({ name, label: '', device: null, group: null, supply: 'dc-1', contact: 'fine', status: 'OL CHRG', attached: 0, low: false, outlets_off: false, on_battery_ms: null, ...extra })

const list = () => [
  ups('dc-1', { label: 'Radio power', device: 'dc-1', attached: 1 }),
  ups('rack-1', { label: 'Rack 1, compute nodes', group: 'rack-1', status: 'OB DISCHRG', on_battery_ms: 372e3, attached: 14 }),
  ups('archive', { label: 'Archive', group: 'archive', status: 'OB LB DISCHRG FSD', on_battery_ms: 372e3, low: true, outlets_off: true, attached: 2 }),
  ups('pdu-a', { label: 'Rack A', device: 'pdu-a', supply: null, status: '', contact: 'none' }),
].map((one) => ({ ...one, forced: forced.has(one.name), forced_ms: forced.has(one.name) ? Date.now() - forced.get(one.name) : null }))

/** GET /nut */
export const nut = () => ({
  listen: '::', port: 3493, problem: '', tls: true, tls_required: true, clients_connected: 3, accepted: 211, turned_away: 4, slow: 1,
  counts: { requests: Math.floor((Date.now() - begin) / 700), errors: 12, sign_ins: 41, sign_ins_refused: 3, commands: 5, commands_refused: 1 },
  ups: list(),
  clients: [
    { address: '192.0.2.40', port: 40112, user: 'admin', attached: 'dc-1', encrypted: false, primary: false, connected_ms: age(3600e3), quiet_ms: 1200 },
    { address: '2001:db8::1:7', port: 51290, user: 'monitor', attached: 'rack-1', encrypted: true, primary: true, connected_ms: age(0), quiet_ms: 4300 },
    { address: '198.51.100.23', port: 51544, user: '', attached: '', encrypted: false, primary: false, connected_ms: 4200, quiet_ms: null },
  ],
})

/** POST and DELETE /nut/{ups}/shutdown: null when it was done. */
export function force(name, on) {
  if (!list().some((one) => one.name === name)) return { status: 404, detail: `There is no ups "${name}".` }
  if (name === 'pdu-a' && on) return { status: 403, detail: 'Outlet 16 of pdu-a is locked.' }
  if (forced.has(name) === on) return { status: 409, detail: on ? `The shutdown of ${name} is forced already.` : `No shutdown of ${name} is forced.` }
  if (on) forced.set(name, Date.now())
  else forced.delete(name)
  return null
}
