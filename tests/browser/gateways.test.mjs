// Who asks busbar: the gateway's clients with routes and counters, and the NUT server's with what is offered and at which stage.
import assert from 'node:assert/strict'
import { connect, createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, change, close, keep, MOCK, open, PHONE, until, visit, withPage } from './browser.mjs'

before(open)
after(close)

test('each gateway stands there with its clients, and the page stays live', async (t) => {
  await withPage({}, async (page) => {
    await visit(page, '/diagnostics')
    await page.getByRole('link', { name: 'Gateway', exact: true }).click()
    const gateways = await ask(page, '/gateways')
    if (!gateways.length) {
      await page.getByText('No gateway is set up').waitFor()
      return
    }
    for (const { name, problem } of gateways) await page.locator(`[data-gateway="${name}"]`, { hasText: problem ? 'does not listen' : 'listens at' }).waitFor()
    if (!MOCK) return t.skip('nobody asks this unit')
    const main = page.locator('[data-gateway="main"]')
    assert.equal(await main.locator('.client-table tbody tr').count(), 3)
    await main.getByText('101-131').waitFor()
    await main.getByRole('link', { name: 'pdu-a' }).waitFor()
    await main.locator('.client-table td.some', { hasText: 'refused' }).waitFor()
    await page.locator('[data-gateway="old"] .reason', { hasText: 'is taken by another program' }).waitFor()
    await assertAccessible(page, 'the gateways')
    await keep(page, 'gateways-1440')
    await page.setViewportSize(PHONE)
    await assertFits(page, 'the gateways on a phone')
    // A second look gives rates.
    await main.getByText(/^[\d.]+ requests\/s$/).waitFor()
    const requests = () => main.locator('h3').first().textContent()
    const first = await requests()
    await until(async () => (await requests()) !== first, 'the counters go on')
  })
})

test('the NUT server: who may, what is offered at which stage, who is connected', async (t) => {
  if (!MOCK) return t.skip('no battery runs low here')
  await withPage({}, async (page) => {
    await visit(page, '/diagnostics/nut')
    const row = (name) => page.locator(`[data-ups="${name}"]`)
    await page.getByText('listens at [::]:3493').waitFor()
    const who = page.locator('.nut-who')
    await who.getByText('whoever signs in, and the equipment below, from its networks').waitFor()
    await who.getByText('192.0.2.0/24, 2001:db8::/32').waitFor()
    await who.getByText('STARTTLS is required before a name or password').waitFor()
    await who.getByText('sees dc-1, from 192.0.2.40').waitFor()
    await row('rack-1').getByText(/^on battery for 6.min$/).waitFor()
    await row('rack-1').getByText(/^low after 10 min or at 60.%$/).waitFor()
    await row('rack-1').getByText('14 hosts').waitFor()
    assert.equal(await row('rack-1').locator('.stage.on').count(), 1)
    assert.equal(await row('archive').locator('.stage.on').count(), 4)
    await row('pdu-a').getByText('none known').waitFor()
    assert.equal(await page.locator('.nut-clients tbody tr').count(), 3)
    await page.locator('.nut-clients tr', { hasText: 'monitor' }).getByText('primary').waitFor()
    // Said twice, as everything that cannot be taken back; refusals are sentences.
    await row('rack-1').getByRole('button', { name: 'Force shutdown of rack-1' }).click()
    await page.getByText('14 attached hosts shut down at once. Its outlets go off 5 min later.').waitFor()
    assert.equal((await ask(page, '/nut')).ups.find(({ name }) => name === 'rack-1').forced, false)
    await assertAccessible(page, 'the NUT server')
    await keep(page, 'nut-1440', { fullPage: true })
    await page.getByRole('button', { name: 'Yes, force it' }).click()
    await page.getByText('The shutdown of rack-1 is forced.').waitFor()
    await row('rack-1').getByRole('button', { name: 'End shutdown of rack-1' }).click()
    await page.getByRole('button', { name: 'Yes, end it' }).click()
    await page.getByText('The shutdown of rack-1 has ended.').waitFor()
    await row('pdu-a').getByRole('button', { name: 'Force shutdown of pdu-a' }).click()
    await page.getByRole('button', { name: 'Yes, force it' }).click()
    await page.getByText('Outlet 16 of pdu-a is locked.').waitFor()
    await page.setViewportSize(PHONE)
    await assertFits(page, 'the NUT server on a phone')
  })
})

/** A port that nobody has, as far as one can know. */
const freePort = () => new Promise((resolve) => {
  const server = createServer().listen(0, '127.0.0.1', () => { const { port } = server.address(); server.close(() => resolve(port)) })
})

test('the NUT server is switched on, and a host that connects stands there', async (t) => {
  if (MOCK) return t.skip('the mock serves no hosts')
  await withPage({}, async (page) => {
    await visit(page, '/diagnostics/nut')
    await page.getByText('The NUT server is off').waitFor()
    const port = await freePort()
    assert.equal((await change(page, '/settings', { 'nut.port': port, 'nut.listen': '127.0.0.1' })).status, 200)
    const socket = connect(port, '127.0.0.1')
    socket.on('error', () => {})
    try {
      await page.getByText(`listens at 127.0.0.1:${port}`).waitFor()
      socket.write('VER\n')
      await page.locator('.nut-clients tr', { hasText: `127.0.0.1:${socket.localPort}` }).getByText('not signed in').waitFor()
      const offered = (await ask(page, '/nut')).ups.map(({ name }) => name)
      for (const name of ['dc-1', 'pdu-a', 'compute']) assert.ok(offered.includes(name), name)
      assert.deepEqual(await page.locator('[data-ups]').evaluateAll((all) => all.map((one) => one.dataset.ups)), offered)
    } finally {
      socket.destroy()
      await change(page, '/settings', { 'nut.port': null, 'nut.listen': null })
    }
    await page.getByText('The NUT server is off').waitFor()
  })
})
