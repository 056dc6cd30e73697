// WCAG 2.2 AA by machine on every page, light and dark, wide and narrow, zoomed, printed.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, BASE, close, keep, open, PHONE, visit, WIDE, withPage } from './browser.mjs'

before(open)
after(close)

async function pages(page) {
  const { devices } = await ask(page, '/site')
  const roles = new Map(devices.map((device) => [device.role, device.name]))
  const silent = devices.find((device) => device.state !== 'online')
  const meter = devices.find((device) => device.role === 'meter') ?? devices[0]
  const point = meter?.components[0]?.points[0]?.path
  return ['/', ...[...roles.values(), silent?.name].filter(Boolean).map((name) => `/device/${name}`), '/graph', `/graph?p=${point}`,
    '/diagnostics', '/settings', '/settings/lines', '/settings/devices', '/settings/certificate', '/settings/users', '/settings/tokens', '/account', '/device/nothing', '/nowhere']
}

/** Colours are all that the other scheme changes: wide and narrow are each looked at in full once. */
const COLOURS = ['color-contrast', 'link-in-text-block']

for (const [name, options, rules] of [
  ['light', {}, null], ['dark', { scheme: 'dark' }, COLOURS], ['light on a phone', { viewport: PHONE }, COLOURS], ['dark on a phone', { viewport: PHONE, scheme: 'dark' }, null],
]) {
  test(`every page is accessible (${name})`, () => withPage(options, async (page) => {
    await visit(page, '/')
    const faults = []
    for (const path of await pages(page)) {
      await visit(page, path)
      await page.waitForTimeout(350)
      await page.locator('details').evaluateAll((all) => { if (all[0]) all[0].open = true })
      await assertFits(page, path)
      await assertAccessible(page, `${path} (${name})`, rules).catch((fault) => faults.push(fault.message))
    }
    assert.deepEqual(faults, [])
  }))
}

test('signing in is accessible', () => withPage({ signedIn: false }, async (page) => {
  await page.goto(`${BASE}/sign-in`)
  await page.waitForSelector('#user')
  await assertAccessible(page, '/sign-in')
}))

test('the search dialog is accessible', () => withPage({}, async (page) => {
  await visit(page, '/')
  await page.keyboard.press('/')
  await page.waitForSelector('#hits li')
  await assertAccessible(page, 'search')
}))

/** A 1280 px screen at 200 % is 640 px wide; 1000 px are a tablet, or a window beside another one. */
const WIDTHS = [{ width: 320, height: 640 }, { width: 640, height: 400 }, { width: 1000, height: 700 }]

test('320 px, 200 % zoom and a tablet need no scrolling to the side', () => withPage({ viewport: WIDTHS[0] }, async (page) => {
  await visit(page, '/')
  for (const path of [...await pages(page), '/energy/demand', '/diagnostics/nut', '/alarms']) {
    await page.setViewportSize(WIDTHS[0])
    await visit(page, path)
    for (const size of WIDTHS) {
      await page.setViewportSize(size)
      await page.waitForTimeout(150)
      await assertFits(page, `${path} (${size.width})`)
      const narrow = await page.locator('.alarm-what').evaluateAll((all) => all.filter((one) => one.clientWidth < 120).length)
      assert.equal(narrow, 0, `${path} (${size.width}): what an alarm is about has room for a few words`)
    }
  }
}))

test('nothing moves for those who want no motion', () => withPage({ motion: 'reduce' }, async (page) => {
  await visit(page, '/')
  await page.waitForTimeout(1000)
  const moving = await page.evaluate(() => document.getAnimations().length)
  assert.equal(moving, 0)
}))

test('on paper there is the content and nothing to press', () => withPage({ viewport: WIDE, scheme: 'dark' }, async (page) => {
  await visit(page, '/')
  await page.waitForTimeout(1000)
  await page.emulateMedia({ media: 'print', colorScheme: 'light' })
  assert.equal(await page.locator('.nav').isVisible(), false)
  assert.equal(await page.locator('.diagram').isVisible(), true)
  await keep(page, 'print', { fullPage: true })
}))

test('the first view stays under 150 KB', () => withPage({ signedIn: false }, async (page) => {
  let bytes = 0
  page.on('requestfinished', async (request) => {
    if (!request.url().includes('/api/')) bytes += (await request.sizes()).responseBodySize
  })
  await page.goto(`${BASE}/sign-in`)
  await page.waitForSelector('#user')
  await page.waitForTimeout(500)
  assert.ok(bytes > 0 && bytes < 150 * 1024, `${bytes} bytes`)
}))

test('nothing is asked of any other host', () => withPage({}, async (page) => {
  const foreign = []
  page.on('request', (request) => {
    if (!request.url().startsWith(BASE) && !/^(?:blob|data):/.test(request.url())) foreign.push(request.url())
  })
  for (const path of ['/', '/graph', '/diagnostics', '/settings']) await visit(page, path)
  assert.deepEqual(foreign, [])
}))
