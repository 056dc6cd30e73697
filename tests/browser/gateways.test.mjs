// The gateway's clients: ports, routes, counters, what was not answered.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, close, keep, MOCK, open, PHONE, until, visit, withPage } from './browser.mjs'

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
