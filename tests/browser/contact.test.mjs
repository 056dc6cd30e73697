// When the stream breaks: said, veiled, and mended without being asked.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { close, control, keep, MOCK, open, until, visit, withPage } from './browser.mjs'

before(open)
after(async () => { if (MOCK) await control('mend'); await close() })

test('no contact is said with since when, figures are veiled, then contact comes back', { skip: !MOCK }, () =>
  withPage({ offline: true }, async (page) => {
    await visit(page, '/')
    await page.waitForSelector('.diagram .figure')
    await control('break')
    await page.waitForSelector('.banner')
    assert.match(await page.locator('.banner').innerText(), /No contact with busbar since \d\d:\d\d:\d\d/)
    assert.equal(await page.locator('html.no-contact').count(), 1)
    assert.match(await page.locator('.diagram .node-power .figure').first().evaluate((node) => getComputedStyle(node).backgroundImage), /repeating/)
    // Nobody can say now that all is well.
    assert.match(await page.locator('.head .count:not(.alarm-count)').innerText(), /No contact/)
    assert.doesNotMatch(await page.locator('main').innerText(), /Nothing is wrong|devices are online/)
    assert.match(await page.locator('.summary').innerText(), /were online/)
    await keep(page, 'no-contact')
    await page.locator('.nav .pages').getByRole('link', { name: 'Diagnostics' }).click()
    await page.waitForSelector('.health-word')
    assert.doesNotMatch(await page.locator('.health-word').innerText(), /is well/)
    await control('mend')
    await page.waitForSelector('.banner', { state: 'detached', timeout: 20_000 })
    assert.equal(await page.locator('html.no-contact').count(), 0)
  }))

test('a page that was never opened says that it waits for contact, and opens when it is back', { skip: !MOCK }, () =>
  withPage({ offline: true }, async (page) => {
    await visit(page, '/')
    await page.waitForSelector('.diagram .figure')
    await control('break')
    await page.waitForSelector('.banner')
    await page.route(/\.js$/, (request) => request.abort())
    await page.locator('.nav .pages').getByRole('link', { name: 'Graphs' }).click()
    await page.getByRole('heading', { name: /busbar cannot be reached/ }).waitFor()
    await page.unroute(/\.js$/)
    await control('mend')
    await page.getByRole('heading', { name: 'Graphs' }).waitFor({ timeout: 20_000 })
  }))

test('the stream is taken up where it broke', { skip: !MOCK }, () => withPage({ offline: true }, async (page) => {
  const asked = []
  page.on('request', (request) => request.url().includes('/live') && asked.push(request.url()))
  await visit(page, '/')
  await page.waitForTimeout(1500)
  await control('break')
  await page.waitForTimeout(800)
  await control('mend')
  await until(() => asked.some((url) => url.includes('last_event_id=')), 'a resumed stream', 20_000)
}))

test('one stream for the whole visit', () => withPage({}, async (page) => {
  const asked = []
  page.on('request', (request) => request.url().includes('/live') && asked.push(request.url()))
  await visit(page, '/')
  await page.waitForTimeout(800)
  for (const name of ['Graphs', 'Diagnostics', 'Overview']) {
    await page.locator('.nav .pages').getByRole('link', { name }).click()
    await page.waitForTimeout(300)
  }
  assert.equal(asked.length, 1)
  assert.match(asked[0], /interval_ms=250/)
}))

test('tabs that nobody looks at hold no connection: a browser has six for a host', () => withPage({}, async (page) => {
  const asked = []
  page.on('request', (request) => request.url().includes('/live') && asked.push(request.url()))
  await page.addInitScript(() => {
    window.looked = false
    Object.defineProperty(document, 'hidden', { get: () => !window.looked })
  })
  await visit(page, '/')
  await page.waitForTimeout(800)
  assert.equal(asked.length, 0)
  await page.evaluate(() => { window.looked = true; document.dispatchEvent(new Event('visibilitychange')) })
  await until(() => asked.length > 0, 'a stream for a tab that is looked at')
  await page.waitForTimeout(800)
  assert.equal(asked.length, 1)
  assert.equal(await page.locator('.banner').count(), 0)
}))

test('a page that was put to sleep wakes up correct', () => withPage({ offline: true }, async (page) => {
  await visit(page, '/')
  await page.waitForSelector('.diagram .figure')
  // Half a minute passes for the page at once, as it does in a laptop that was closed.
  await page.evaluate(() => {
    const real = Date.now
    Date.now = () => real() + 120_000
  })
  await page.waitForTimeout(6000)
  assert.equal(await page.locator('html.no-contact').count(), 0)
  const shown = (await page.locator('.unit-time time').innerText()).slice(-8)
  const zone = await page.evaluate(async () => (await (await fetch('/api/v1/site')).json()).time_zone)
  const [h, m, s] = shown.split(':').map(Number)
  const now = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' }).format(new Date())
  const [nh, nm, ns] = now.split(':').map(Number)
  const apart = Math.abs((h * 3600 + m * 60 + s) - (nh * 3600 + nm * 60 + ns))
  assert.ok(apart < 10, `the page shows ${shown}, it is ${now}`)
}))
