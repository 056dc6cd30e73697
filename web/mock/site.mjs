// A believable site for development: one PDU, one DC supply, six meters, one silent, one stale.
const Q = {
  voltage: ['Voltage', 'gauge', 'V', 1],
  'voltage-max': ['Highest voltage', 'gauge', 'V', 1],
  'voltage-average': ['Average voltage', 'gauge', 'V', 1],
  current: ['Current', 'gauge', 'A', 3],
  'current-max': ['Highest current', 'gauge', 'A', 3],
  'real-power': ['Real power', 'gauge', 'W', 1],
  'real-power-demand': ['Average real power', 'gauge', 'W', 1],
  'real-power-demand-peak': ['Highest average real power', 'gauge', 'W', 1],
  'apparent-power': ['Apparent power', 'gauge', 'VA', 1],
  'reactive-power': ['Reactive power', 'gauge', 'var', 1],
  'power-factor': ['Power factor', 'gauge', '', 3],
  frequency: ['Frequency', 'gauge', 'Hz', 2],
  'thd-voltage': ['Voltage distortion (THD)', 'gauge', '%', 1],
  'thd-current': ['Current distortion (THD)', 'gauge', '%', 1],
  energy: ['Energy', 'counter', 'kWh', 3],
  'energy-export': ['Energy exported', 'counter', 'kWh', 3],
  temperature: ['Temperature', 'gauge', '°C', 1],
  humidity: ['Relative humidity', 'gauge', '%', 1],
  charge: ['State of charge', 'gauge', '%', 1],
  runtime: ['Time left', 'gauge', 's', 0],
  health: ['State of health', 'gauge', '%', 1],
  volume: ['Volume', 'counter', 'm³', 3],
  'volume-reading': ['Display', 'counter', 'm³', 3],
  flow: ['Flow', 'gauge', 'm³/h', 3],
  charging: ['Charging', 'state', '', 0],
  state: ['State', 'state', '', 0],
  level: ['Level', 'gauge', '%', 1],
}

const KIND = /^(phase|line|circuit|outlet|group|input|output|pulse|sensor)-/

function component(device, name, quantities, extra = {}) {
  const number = /-(\d+)$/.exec(name)
  return {
    name,
    kind: KIND.exec(name)?.[1] ?? name,
    number: number ? Number(number[1]) : null,
    label: null,
    fed_by: null,
    rated_current: null,
    ...extra,
    points: quantities.map((quantity) => {
      const [label, kind, unit, decimals] = Q[quantity]
      return { path: `${device}/${name}/${quantity}`, quantity, label, kind, unit, decimals }
    }),
  }
}

const PHASES = ['phase-a', 'phase-b', 'phase-c']

function meterComponents(name, three) {
  const phase = ['voltage', 'current', 'real-power', 'apparent-power', 'power-factor', 'thd-voltage', 'thd-current']
  const averaged = ['meter-1', 'meter-2', 'meter-5'].includes(name) ? ['real-power-demand', 'real-power-demand-peak'] : []
  const total = ['current', 'real-power', ...averaged, 'apparent-power', 'reactive-power', 'power-factor', 'frequency', 'energy', 'energy-export']
  if (!three) return [component(name, 'total', ['voltage', ...total])]
  return [component(name, 'total', ['voltage-average', ...total]), ...PHASES.map((one) => component(name, one, phase))]
}

const LOADS = [
  'core-switch-1', 'core-switch-2', 'firewall-a', 'firewall-b', 'san-shelf-1', 'san-shelf-2', 'san-shelf-3', 'san-head',
  'compute-01', 'compute-02', 'compute-03', 'compute-04', 'compute-05', 'compute-06', 'compute-07', 'compute-08',
  'backup-1', 'tape-library', 'kvm', 'monitor', 'lab-bench', 'spare', '', 'sensor-hub',
]

function pduComponents(name) {
  const circuits = [1, 2, 3, 4, 5, 6].map((number) =>
    component(name, `circuit-${number}`, ['current', 'real-power', 'energy'],
      { fed_by: PHASES[(number - 1) % 3], rated_current: 16 }))
  const outlets = Array.from({ length: 24 }, (_, at) =>
    component(name, `outlet-${at + 1}`, ['state', 'current', 'real-power', 'energy'],
      { label: LOADS[at] || null, fed_by: `circuit-${Math.floor(at / 4) + 1}`, rated_current: 10 }))
  return [
    component(name, 'total', ['voltage-average', 'current', 'real-power', 'apparent-power', 'power-factor', 'energy']),
    ...PHASES.map((one) => component(name, one,
      ['voltage', 'voltage-max', 'current', 'current-max', 'real-power', 'apparent-power', 'power-factor', 'energy'], { rated_current: 32 })),
    ...circuits, ...outlets,
    component(name, 'sensor-1', ['temperature', 'humidity'], { label: 'Cold aisle' }),
    component(name, 'sensor-2', ['temperature'], { label: 'Hot aisle' }),
  ]
}

function supplyComponents(name) {
  return [
    component(name, 'mains', ['voltage', 'current', 'real-power']),
    component(name, 'supply', ['state', 'voltage', 'current', 'real-power', 'temperature']),
    component(name, 'battery', ['voltage', 'current', 'charge', 'runtime', 'charging', 'health', 'temperature']),
    component(name, 'output-1', ['state', 'current', 'real-power'], { label: 'Radio loads' }),
    component(name, 'output-2', ['state', 'level'], { label: 'Cabinet fan' }),
    component(name, 'pulse-1', ['volume', 'volume-reading', 'flow'], { label: 'Cold water' }),
  ]
}

const started = Date.now() - 9.4 * 86400e3
const ago = (ms) => new Date(Date.now() - ms).toISOString()

function device(name, label, role, components, extra) {
  return {
    name, label, role, state: 'online', reason: null, since: new Date(started).toISOString(),
    line: 'bus-1', unit: 1, profile: 'eastron-sdm630', vendor: 'Eastron', model: 'SDM630', serial: null, firmware: '2.12',
    fed_by: 'mains', every_ms: 1000, components, ...extra,
  }
}

export function makeSite() {
  return {
    name: 'Mast 14', location: 'Hill road 3, equipment room', contact: 'power@example.net', time_zone: 'Europe/Berlin',
    time: new Date().toISOString(), clock_known: true, version: '1.0.0-dev', address: '192.0.2.14', started: new Date(started).toISOString(), revision: 1,
    devices: [
      device('meter-1', 'Incomer', 'meter', meterComponents('meter-1', true), { serial: '20114873' }),
      device('meter-2', 'Rack feed', 'meter', meterComponents('meter-2', true), { unit: 2, fed_by: 'meter-1' }),
      device('pdu-a', 'Rack A', 'pdu', pduComponents('pdu-a'), {
        line: 'pdu-lan', unit: 1, fed_by: 'meter-2', profile: 'pdu-7w', vendor: 'Example', model: '7W-24', serial: 'PD-70931', firmware: '3.4.1', every_ms: 2000 }),
      device('meter-3', 'DC feed', 'meter', meterComponents('meter-3', false), {
        unit: 3, fed_by: 'meter-1', profile: 'eastron-sdm230', model: 'SDM230' }),
      device('dc-1', 'Radio power', 'supply', supplyComponents('dc-1'), {
        line: 'pdu-lan', unit: 4, fed_by: 'meter-3', profile: 'dc-rmcu', vendor: 'Example', model: 'HE1U-12', serial: 'DC-11802', firmware: '1.9', every_ms: 1000 }),
      device('meter-4', 'Cooling', 'meter', meterComponents('meter-4', true), { unit: 4, fed_by: 'meter-1' }),
      device('meter-5', 'Lighting and workshop sockets', 'meter', meterComponents('meter-5', false), { unit: 5, fed_by: 'meter-1', every_ms: 5000 }),
      device('meter-6', 'Heat pump', 'meter', meterComponents('meter-6', true), {
        unit: 7, line: 'bus-1', fed_by: 'meter-1', state: 'silent', reason: 'time-out on bus-1, unit 7', since: ago(4 * 60e3 + 12e3) }),
    ],
    lines: [
      { name: 'bus-1', kind: 'modbus-rtu', state: 'open', reason: null },
      { name: 'pdu-lan', kind: 'modbus-tcp', state: 'open', reason: null },
      { name: 'bus-2', kind: 'rtu-over-tcp', state: 'closed', reason: 'not used by any device' },
    ],
  }
}
