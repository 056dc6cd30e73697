// Graphs: choose, zoom, move, link, come back, take along.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { ask, assertFits, close, keep, MOCK, open, PHONE, until, visit, withPage } from './browser.mjs'

before(open)
after(close)

async function powers(page) {
  const { devices } = await ask(page, '/site')
  return devices.filter((device) => device.state === 'online')
    .flatMap((device) => device.components.flatMap((one) => one.points.filter((point) => point.kind === 'gauge').slice(0, 1)))
    .map((point) => point.path)
}

async function add(page, path) {
  const field = page.getByRole('combobox')
  await field.fill(path)
  await page.locator('.picker-list li').first().waitFor()
  await field.press('Enter')
  await page.locator('.readout th[scope="row"]', { hasText: path }).waitFor()
  await field.press('Escape')
}

test('points are added by search, the address holds them, back takes them away', () => withPage({}, async (page) => {
  await visit(page, '/graph')
  const [one, two] = await powers(page)
  await add(page, one)
  await add(page, two)
  const url = new URL(page.url())
  assert.deepEqual(url.searchParams.getAll('p'), [one, two])
  await page.waitForSelector('.chart canvas')
  await page.goBack()
  await until(async () => (await page.locator('.readout tbody tr').count()) === 1, 'one point after going back')
  await page.goForward()
  await until(async () => (await page.locator('.readout tbody tr').count()) === 2, 'two points after going forward')
  await page.reload()
  await until(async () => (await page.locator('.readout tbody tr').count()) === 2, 'two points after loading again')
  await page.waitForTimeout(800)
  await keep(page, 'graph')
}))

test('dragging zooms, the address changes, back goes back', () => withPage({}, async (page) => {
  const path = await firstPath(page)
  await visit(page, `/graph?p=${path}&from=-1h`)
  const over = page.locator('.chart .u-over')
  await over.waitFor()
  await page.waitForTimeout(500)
  const box = await over.boundingBox()
  await page.mouse.move(box.x + box.width * 0.3, box.y + 60)
  await page.mouse.down()
  await page.mouse.move(box.x + box.width * 0.6, box.y + 80, { steps: 6 })
  await page.mouse.up()
  await until(() => /from=\d{9,}/.test(page.url()), 'a fixed span in the address')
  const { searchParams } = new URL(page.url())
  const width = Number(searchParams.get('to')) - Number(searchParams.get('from'))
  // Three tenths of an hour.
  assert.ok(Math.abs(width - 1080) < 60, `${width} s`)
  await page.goBack()
  await until(() => page.url().includes('from=-1h'), 'the hour again')
}))

async function firstPath(page) {
  await visit(page, '/')
  return (await powers(page))[0]
}

test('presets, buttons and keys move the span', () => withPage({}, async (page) => {
  await visit(page, `/graph?p=${await firstPath(page)}`)
  await page.getByRole('button', { name: '24 h', exact: true }).click()
  assert.match(page.url(), /from=-24h/)
  await page.getByRole('button', { name: 'Earlier' }).click()
  assert.match(page.url(), /to=\d+/)
  await page.getByRole('button', { name: 'Back to now' }).click()
  assert.doesNotMatch(page.url(), /to=/)
  await page.getByRole('button', { name: '1 h', exact: true }).focus()
  await page.keyboard.press('-')
  await until(() => /to=\d+/.test(page.url()), 'a wider span by keyboard')
  await page.keyboard.press('0')
  await until(() => !/to=/.test(page.url()), 'now by keyboard')
}))

test('live graphs go on by themselves', () => withPage({}, async (page) => {
  await visit(page, `/graph?p=${await firstPath(page)}&from=-15m`)
  await page.waitForSelector('.readout td.number')
  const last = () => page.locator('.readout tbody tr td.number').nth(3).innerText()
  const before = await last()
  await until(async () => (await last()) !== before, 'a new last value', 30_000)
}))

test('the picture and the table can be taken along', () => withPage({}, async (page) => {
  await visit(page, `/graph?p=${await firstPath(page)}&from=-1h`)
  await page.waitForTimeout(1000)
  const [picture] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save picture' }).click()])
  const bytes = readFileSync(await picture.path())
  assert.equal(bytes.subarray(1, 4).toString(), 'PNG')
  assert.ok(bytes.length > 5000)
  const csv = await page.locator('a', { hasText: 'CSV' }).getAttribute('href')
  const text = await page.evaluate(async (address) => (await fetch(address)).text(), csv)
  assert.match(text.split(/\r?\n/)[0], /^"?time/)
}))

test('a point that does not exist is said, not drawn', () => withPage({}, async (page) => {
  await visit(page, '/graph?p=nowhere/total/real-power')
  await until(async () => (await page.locator('.chart-note').count()) > 0, 'a sentence in the chart')
  assert.match(await page.locator('.readout').innerText(), /no such point/)
}))

test('a year is shown in days of the calendar, and so is its table', (context) => withPage({}, async (page) => {
  if (MOCK) return context.skip('the mock knows no calendar')
  await visit(page, `/graph?p=${await firstPath(page)}&from=-365d`)
  await until(async () => /one value per day/.test(await page.locator('.summary').innerText()), 'days')
  const csv = await page.locator('a', { hasText: 'CSV' }).getAttribute('href')
  assert.equal(new URL(csv, page.url()).searchParams.get('step'), '1d')
}))

test('without the time of day the chart says why it is empty', () => withPage({}, async (page) => {
  const path = await firstPath(page)
  await page.route('**/api/v1/site', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, json: { ...(await answer.json()), clock_known: false } })
  })
  await page.route('**/api/v1/history?*', async (route) => {
    const answer = await route.fetch()
    const body = await answer.json()
    await route.fulfill({ response: answer, json: { ...body, series: body.series.map((one) => ({ ...one, rows: [] })) } })
  })
  await visit(page, `/graph?p=${path}&from=1000000000&to=1000003600`)
  await page.locator('.chart-note').waitFor()
  assert.match(await page.locator('.chart-note').innerText(), /does not know the time of day yet/)
  assert.match(await page.locator('header').innerText(), /clock not set/)
}))

test('a graph fits a phone', () => withPage({ viewport: PHONE, scheme: 'dark' }, async (page) => {
  await visit(page, `/graph?p=${await firstPath(page)}`)
  await page.waitForTimeout(1000)
  await assertFits(page, 'graph')
  await keep(page, 'graph-390')
}))
