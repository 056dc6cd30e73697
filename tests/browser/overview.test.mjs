// First screen: is everything on, is anything wrong, where does the power go.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, assertFits, close, keep, open, PHONE, until, visit, WIDE, withPage } from './browser.mjs'

before(open)
after(close)

const VIEWS = [['1440-light', { viewport: WIDE }], ['1440-dark', { viewport: WIDE, scheme: 'dark' }],
  ['390-light', { viewport: PHONE }], ['390-dark', { viewport: PHONE, scheme: 'dark' }], ['320-light', { viewport: { width: 320, height: 640 } }]]

for (const [name, options] of VIEWS) {
  test(`overview shows every device (${name})`, () => withPage(options, async (page) => {
    await visit(page, '/')
    const { devices, name: unit } = await ask(page, '/site')
    for (const device of devices) {
      assert.equal(await page.locator(`.diagram [data-device="${device.name}"]`).count(), 1, device.name)
    }
    assert.ok((await page.locator('.head').innerText()).includes(unit))
    assert.ok((await page.title()).includes(unit))
    await assertFits(page, 'overview')
    await page.waitForTimeout(500)
    await keep(page, `overview-${name}`)
  }))
}

test('everything stands on one laptop screen without scrolling', () => withPage({}, async (page) => {
  await visit(page, '/')
  await page.waitForSelector('.diagram .node')
  const bottom = await page.evaluate(() => Math.max(...[...document.querySelectorAll('.diagram .node, .where li')].map((node) => node.getBoundingClientRect().bottom)))
  const { devices } = await ask(page, '/site')
  if (devices.length <= 12) assert.ok(bottom <= 900, `ends at ${bottom} px`)
}))

test('live figures change by themselves', () => withPage({}, async (page) => {
  await visit(page, '/')
  await page.waitForSelector('.diagram .node-power .figure')
  const figures = () => page.locator('.diagram').innerText()
  const first = await figures()
  await until(async () => (await figures()) !== first, 'a figure that changes', 15_000)
}))

test('no figure is drawn more than four times a second', () => withPage({}, async (page) => {
  await visit(page, '/')
  await page.waitForTimeout(1500)
  const most = await page.evaluate(() => new Promise((resolve) => {
    const counts = new Map()
    const observer = new MutationObserver((records) => {
      for (const node of new Set(records.map((record) => record.target))) counts.set(node, (counts.get(node) ?? 0) + 1)
    })
    observer.observe(document.querySelector('.diagram'), { subtree: true, characterData: true })
    setTimeout(() => { observer.disconnect(); resolve(Math.max(0, ...counts.values())) }, 3000)
  }))
  assert.ok(most <= 13, `${most} times in 3 s`)
}))

test('problems are named with since when and a sentence, and the head counts them', () => withPage({}, async (page) => {
  await visit(page, '/')
  await page.waitForTimeout(1500)
  const { devices } = await ask(page, '/site')
  const silent = devices.filter((device) => device.state === 'silent')
  for (const device of silent) {
    // As a problem, or as the alarm of its lost contact.
    const row = page.locator('.problem, .alarm-row', { hasText: device.name }).first()
    assert.match(await row.innerText(), /has not answered/)
  }
  const count = Number(await page.locator('.head .count:not(.alarm-count)').getAttribute('data-count'))
  assert.ok(count >= silent.length)
  const alarms = await page.locator('#problems .alarm-row').count()
  if (count + alarms === 0) assert.match(await page.locator('#problems').innerText(), /Nothing is wrong/)
  else {
    await page.locator('#problems a[href^="/device/"], #problems a[href="/diagnostics"]').first().click()
    await page.waitForSelector('[data-page="device"], [data-page="diagnostics"]')
  }
}))

test('stale values are veiled and tell their age', (context) => withPage({}, async (page) => {
  await visit(page, '/')
  await page.waitForTimeout(1000)
  const stale = (await ask(page, '/points')).filter((value) => value.quality === 'stale')
  if (!stale.length) return context.skip('nothing is stale on this unit')
  await visit(page, `/device/${stale[0].path.split('/')[0]}`)
  const figure = page.locator('.figure.stale').first()
  await figure.waitFor()
  assert.match(await figure.evaluate((node) => getComputedStyle(node).backgroundImage), /repeating-linear-gradient/)
  await figure.focus()
  assert.match(await page.locator('#why').innerText(), /old/)
  await keep(page, 'stale')
}))
