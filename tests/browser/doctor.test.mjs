// The bus doctor: findings on top, what each unit did, frames recorded and fetched, other speeds tried on purpose only.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertAccessible, assertFits, close, keep, MOCK, open, PHONE, visit, withPage } from './browser.mjs'

const only = { skip: MOCK ? false : 'a bus that is ill on purpose stands in the mock only' }

before(open)
after(close)

test('what is wrong stands first, with evidence and a way out', only, () => withPage({}, async (page) => {
  await visit(page, '/diagnostics')
  const first = page.locator('.finding').first()
  await first.getByText('Two devices answer as unit 4.').waitFor()
  assert.match(await first.textContent(), /on bus-1, meter-4 · certain.*41 second answers.*address of its own/s)
  // The heaviest first: what is only likely comes last.
  await page.locator('.finding').nth(2).getByText('likely').waitFor()
  await page.locator('[data-lamp="power"]').getByText('on', { exact: true }).waitFor()
  await page.locator('[data-lamp="transmit"]').getByText('active').waitFor()
  await page.locator('.unit-latencies summary').first().click()
  await page.getByRole('img', { name: /^Unit 4: \d+ answers by latency, most within/ }).waitFor()
  await page.getByText('12 damaged, 41 not as asked, 41 second answers').waitFor()
  await assertAccessible(page, 'the bus doctor')
  await keep(page, 'doctor-1440', { fullPage: true })
}))

test('on a phone and in the dark', only, () => withPage({ viewport: PHONE, scheme: 'dark' }, async (page) => {
  await visit(page, '/diagnostics')
  await page.locator('.unit-latencies summary').first().click()
  await assertFits(page, 'the bus doctor on a phone')
  await assertAccessible(page, 'the bus doctor on a phone')
  await keep(page, 'doctor-390-dark', { fullPage: true })
}))

test('frames are recorded, fetched and forgotten', only, () => withPage({}, async (page) => {
  await visit(page, '/diagnostics')
  const tools = page.getByRole('group', { name: 'Frames on the wire, bus-1' })
  await tools.getByRole('combobox').selectOption('10')
  await tools.getByRole('button', { name: 'Record' }).click()
  await tools.getByRole('status').filter({ hasText: 'Recording' }).waitFor()
  assert.equal(await tools.getByRole('link', { name: 'For Wireshark' }).getAttribute('href'), '/api/v1/lines/bus-1/trace?format=pcap')
  const coming = page.waitForEvent('download')
  await tools.getByRole('link', { name: 'As text' }).click()
  await coming
  await tools.getByRole('button', { name: 'End and forget' }).click()
  await tools.getByRole('button', { name: 'Record' }).waitFor()
}))

test('other speeds are tried only after a second press, and what answered is told', only, () => withPage({}, async (page) => {
  let posts = 0
  page.on('request', (request) => { posts += request.method() === 'POST' && request.url().endsWith('/doctor/trial') ? 1 : 0 })
  await visit(page, '/diagnostics')
  await page.getByRole('button', { name: 'Try other speeds on bus-1' }).click()
  await page.getByText('Polling of bus-1 rests for up to half a minute.').waitFor()
  assert.equal(posts, 0)
  await page.getByRole('button', { name: 'Try them' }).click()
  await page.getByText('Unit 4 answers at 19200 baud, parity even.').waitFor()
  assert.equal(posts, 1)
  // A line over a network has no speed of its own.
  assert.equal(await page.getByRole('button', { name: 'Try other speeds on pdu-lan' }).count(), 0)
}))

test('whether a machine can be reached is told step by step', only, () => withPage({}, async (page) => {
  await visit(page, '/diagnostics')
  await page.getByText('A time service keeps the clock of the unit right').waitFor()
  await page.getByLabel(/^Host/).fill('192.0.2.10:502')
  await page.getByRole('button', { name: 'Test' }).click()
  await page.getByText('Connection refused').waitFor()
  await page.getByText('within 1.4 ms').waitFor()
  await page.getByLabel(/^Host/).fill('gw.example')
  await page.getByRole('button', { name: 'Test' }).click()
  await page.getByText('Name or service not known').waitFor()
  await assertAccessible(page, 'reachability')
}))
