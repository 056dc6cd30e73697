// All meters in one list: sorted, searched, as cards on a phone; and outlets that are on without power.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, close, keep, MOCK, open, PHONE, until, visit, withPage } from './browser.mjs'

before(open)
after(close)

const rows = (page) => page.locator('.meters-table tbody tr')
const names = (page) => rows(page).evaluateAll((all) => all.map((one) => one.dataset.meter))

/** Every device with a counter or a power of its own, and its pulse inputs that count. */
async function known(page) {
  const { devices } = await ask(page, '/site')
  const counts = (part) => part?.points.some(({ quantity }) => ['energy', 'volume', 'count'].includes(quantity))
  const power = (device) => ['total', 'mains', 'supply', 'phase-a', 'output-1'].some((name) => device.components.find((part) => part.name === name)?.points.some(({ quantity }) => quantity === 'real-power'))
  return devices.flatMap((device) => [
    ...(power(device) || counts(device.components.find(({ name }) => name === 'total')) ? [device.name] : []),
    ...device.components.filter((part) => part.kind === 'pulse' && counts(part)).map((part) => `${device.name}/${part.name}`),
  ])
}

test('every meter is in the list, sorted by what is pressed, and the address keeps it', () => withPage({}, async (page) => {
  await visit(page, '/meters')
  await rows(page).first().waitFor()
  const all = await known(page)
  assert.deepEqual((await names(page)).sort(), [...all].sort())
  await assertAccessible(page, 'the meters')
  await keep(page, 'meters-1440')
  await page.getByRole('button', { name: 'Sort by meter' }).click()
  await until(async () => (await names(page))[0] === (await names(page)).sort((a, b) => b.localeCompare(a, 'en', { numeric: true }))[0], 'names from the end')
  assert.equal(await page.locator('th[aria-sort]').getAttribute('aria-sort'), 'descending')
  await page.getByRole('button', { name: 'Sort by unit' }).click()
  await until(() => new URL(page.url()).searchParams.get('sort') === 'unit', 'the sort in the address')
  const units = (await page.locator('.meters-table td:nth-child(3)').allTextContents()).map(Number).filter(Number.isFinite)
  assert.deepEqual(units, [...units].sort((a, b) => a - b))
  await page.reload()
  await page.locator('th[aria-sort="ascending"]', { hasText: 'Unit' }).waitFor()
}))

test('words narrow the list, its links lead to the device', () => withPage({}, async (page) => {
  await visit(page, '/meters')
  await rows(page).first().waitFor()
  const all = await names(page)
  const wanted = all[all.length - 1]
  await page.getByLabel('Find a meter').fill(wanted)
  await until(async () => (await rows(page).count()) < all.length || all.length === 1, 'fewer rows')
  assert.ok((await names(page)).includes(wanted))
  assert.equal(new URL(page.url()).searchParams.get('q'), wanted)
  await page.getByLabel('Find a meter').fill('no such thing anywhere')
  await page.getByText('No meter matches.').waitFor()
  await page.getByLabel('Find a meter').fill(wanted)
  await page.locator(`[data-meter="${wanted}"] th a`).click()
  await page.waitForSelector('[data-page="device"]')
  assert.equal(await page.locator('main h1').textContent(), wanted.split('/')[0])
}))

test('energy of today and old readings are told as what they are', async (t) => {
  if (!MOCK) return t.skip('the mock has a silent and an old meter')
  await withPage({}, async (page) => {
    await visit(page, '/meters?sort=-today')
    await page.locator('[data-meter="meter-6"] .state.silent').waitFor()
    await page.locator('[data-meter="meter-5"] .age.old').waitFor()
    await page.locator('[data-meter="meter-1"] td:last-child', { hasText: /\d.*kWh/ }).waitFor()
    await page.getByRole('button', { name: 'Over the network' }).click()
    await until(async () => (await names(page)).every((name) => ['pdu-a', 'dc-1', 'dc-1/pulse-1'].includes(name)), 'only those behind the network')
    await page.locator('[data-meter="pdu-a"] td:last-child a').click()
    await page.getByRole('region', { name: 'Used by Rack A' }).waitFor()
  })
})

test('cards on a phone, accessible and no wider than the screen', async (t) => {
  if (!MOCK) return t.skip('the same there')
  await withPage({ viewport: PHONE, scheme: 'dark' }, async (page) => {
    await visit(page, '/meters')
    await rows(page).first().waitFor()
    await page.getByLabel('Sort by', { exact: true }).selectOption('power')
    await until(() => new URL(page.url()).searchParams.get('sort') === '-power', 'the largest first')
    await assertFits(page, 'the meters')
    await assertAccessible(page, 'the meters')
    await keep(page, 'meters-390-dark', { fullPage: true })
  })
})

test('outlets that are on without power are marked in strip, rows, tiles and dots', async (t) => {
  if (!MOCK) return t.skip('the mock has a breaker that is open')
  await withPage({}, async (page) => {
    await visit(page, '/device/pdu-a')
    await page.locator('.outlet.dead').nth(1).waitFor()
    assert.deepEqual(await page.locator('.outlet.dead .outlet-number').evaluateAll((all) => all.map((one) => Number(/\d+/.exec(one.textContent)[0]))), [19, 20])
    assert.match(await page.locator('.outlet.dead a').first().textContent(), /on, but without power/)
    await page.locator('#outlet-19 .state-cell', { hasText: 'no power' }).waitFor()
    await page.locator('.outlet.dead a').first().hover()
    await page.locator('#why:not([hidden])', { hasText: 'The breaker of circuit-5 is open.' }).waitFor()
    await page.mouse.move(0, 0)
    await keep(page, 'unpowered-1440')
    await visit(page, '/control')
    await page.locator('[data-path="pdu-a/outlet-19"].dead', { hasText: 'no power' }).waitFor()
    assert.equal(await page.locator('.tile.dead').count(), 2)
    await visit(page, '/')
    await page.getByRole('img', { name: /2 without power/ }).waitFor()
  })
})
