// Gateways of the mock: one that is busy, one that cannot have its port.
const begin = Date.now() - 26 * 3600e3
const seconds = () => (Date.now() - begin) / 1000

/** Counters grow with a rate of their own. */
function counts(rate, shares = {}) {
  const requests = Math.floor(seconds() * rate)
  const of = (share) => Math.floor(requests * (share ?? 0))
  const rest = ['merged', 'remembered', 'refused', 'unreachable', 'silent', 'busy', 'writes'].map((name) => [name, of(shares[name])])
  const lost = ['refused', 'unreachable', 'silent', 'busy'].reduce((sum, name) => sum + of(shares[name]), 0)
  return { requests, answered: requests - lost, ...Object.fromEntries(rest) }
}

const client = (address, port, connected_ms, quiet_ms, underway, rate, shares) => ({ address, port, connected_ms, quiet_ms, underway, counts: counts(rate, shares) })

/** GET /gateways */
export function gateways() {
  const clients = [
    client('192.0.2.7', 40112, 25.4 * 3600e3, Math.random() * 400, 1, 4.1, { remembered: 0.31, writes: 0.002 }),
    client('198.51.100.23', 51544, 3.2 * 3600e3, Math.random() * 900, 0, 1.2, { remembered: 0.6, merged: 0.08, silent: 0.04 }),
    client('198.51.100.40', 38870, 62e3, 31e3, 0, 0.02, { refused: 0.9 }),
  ]
  return [
    { name: 'main', label: 'Building control', kind: 'modbus-tcp', listen: '0.0.0.0', port: 1502, routes: '1-31 bus-1, 101-131 bus-2/1, 200 @pdu-a', problem: '', clients_connected: clients.length, accepted: 148, turned_away: 2,
      counts: counts(5.4, { merged: 0.02, remembered: 0.37, refused: 0.004, silent: 0.01, unreachable: 0.0004, busy: 0.0001, writes: 0.0015 }), clients },
    { name: 'old', label: '', kind: 'rtu-over-tcp', listen: '192.0.2.14', port: null, routes: 'bus-1', problem: 'Port 502 of 192.0.2.14 is taken by another program; tried again in 8 s.', clients_connected: 0, accepted: 0, turned_away: 0, counts: counts(0), clients: [] },
  ]
}
