// A device: its picture, its values, their last hour, who it is.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, close, keep, MOCK, open, PHONE, signIn, until, visit, withPage } from './browser.mjs'

before(open)
after(close)

async function first(page, role) {
  const { devices } = await ask(page, '/site')
  const has = (device, kind) => device.components.some((one) => one.kind === kind)
  return devices.find((device) => device.state === 'online' && (role === 'pdu' ? has(device, 'outlet') : has(device, 'phase') && !has(device, 'outlet')))
}

for (const [name, options] of [['1440', {}], ['390', { viewport: PHONE, scheme: 'dark' }]]) {
  test(`a PDU shows its outlets in their order (${name})`, (context) => withPage(options, async (page) => {
    await visit(page, '/')
    const pdu = await first(page, 'pdu')
    if (!pdu) return context.skip('no PDU on this unit')
    await visit(page, `/device/${pdu.name}`)
    const numbers = pdu.components.filter((one) => one.kind === 'outlet').map((one) => one.number).sort((a, b) => a - b)
    await page.waitForSelector('.outlet')
    assert.deepEqual((await page.locator('.outlet-number').allInnerTexts()).map((text) => Number(/\d+/.exec(text)[0])), numbers)
    await page.waitForTimeout(1500)
    assert.match(await page.locator('.outlet a').first().textContent(), /^Outlet \d+, (on|off|state unknown)/)
    await assertFits(page, 'PDU')
    await keep(page, `pdu-${name}`, { fullPage: true })
  }))
}

test('a meter shows every quantity with live figures, units and ages', (context) => withPage({}, async (page) => {
  await visit(page, '/')
  const meter = await first(page, 'meter')
  if (!meter) return context.skip('no meter on this unit')
  await page.locator('.nav .devices').getByRole('link', { name: meter.name }).first().click()
  await page.waitForSelector('.meter-table')
  const quantities = new Set(meter.components.filter((one) => ['total', 'phase', 'line', 'neutral'].includes(one.kind)).flatMap((one) => one.points.filter((point) => !point.quantity.startsWith('harmonic-')).map((point) => point.label)))
  const shown = await page.locator('.meter-table tbody th').allInnerTexts()
  for (const label of quantities) assert.ok(shown.some((text) => text.startsWith(label)), label)
  const text = () => page.locator('.meter-table').innerText()
  const before = await text()
  await until(async () => (await text()) !== before, 'a live figure', 15_000)
  assert.match(await page.locator('.facts').first().innerText(), new RegExp(meter.profile))
  await keep(page, 'meter-1440', { fullPage: true })
}))

for (const [name, options] of [['1440', {}], ['390', { viewport: PHONE, scheme: 'dark' }]]) {
  test(`harmonics stay closed until somebody looks, then stand as a spectrum (${name})`, (context) => withPage(options, async (page) => {
    await visit(page, '/')
    const { devices } = await ask(page, '/site')
    const device = devices.find((one) => one.components.some((part) => part.points.some((point) => point.quantity === 'harmonic-current-3')))
    if (!device) return context.skip('nothing with harmonics on this unit')
    await visit(page, `/device/${device.name}`)
    const panel = page.locator('.spectrum-panel', { hasText: 'Harmonics of the current' })
    await panel.waitFor()
    assert.equal(await page.locator('.spectrum tbody tr').count(), 0)
    assert.ok(!(await page.locator('.meter-table').innerText()).includes('harmonic'))
    await panel.locator('summary').click()
    const orders = new Set(device.components.flatMap((part) => part.points).filter((point) => point.quantity.startsWith('harmonic-current-')).map((point) => point.quantity))
    await until(async () => await panel.locator('tbody tr').count() === orders.size, 'a row for each order')
    await until(async () => /\d/.test(await panel.locator('tbody td').first().innerText()), 'a figure of the 3rd', 15_000)
    // It is drawn with the values that come next.
    const width = () => panel.locator('tbody tr').first().locator('.fill').first().evaluate((fill) => fill.getBoundingClientRect().width)
    await until(async () => await width() > 4, 'a bar of the 3rd')
    await assertFits(page, 'spectrum')
    await keep(page, `spectrum-${name}`, { fullPage: true })
  }))
}

test('figures of a column stand with their decimal points below each other', (context) => withPage({}, async (page) => {
  await visit(page, '/')
  const meter = await first(page, 'meter')
  if (!meter) return context.skip('no meter on this unit')
  await visit(page, `/device/${meter.name}`)
  await page.waitForTimeout(1500)
  const columns = await page.evaluate(() => {
    const points = new Map()
    for (const fraction of document.querySelectorAll('.meter-table .fraction')) {
      const column = fraction.closest('td').cellIndex
      const left = fraction.getBoundingClientRect().left
      points.set(column, [...(points.get(column) ?? []), left])
    }
    return [...points.values()].map((all) => Math.max(...all) - Math.min(...all))
  })
  for (const spread of columns) assert.ok(spread < 1, `points are ${spread} px apart`)
}))

test('the last hour is drawn in the rows', (context) => withPage({}, async (page) => {
  await visit(page, '/')
  const meter = await first(page, 'meter')
  if (!meter) return context.skip('no meter on this unit')
  const path = meter.components[0].points.find((point) => point.kind === 'gauge').path
  const history = await ask(page, `/history?path=${encodeURIComponent(path)}&from=-1h&step=60`)
  if ((history.series?.[0]?.rows.length ?? 0) < 3) return context.skip('this unit has no history yet')
  await visit(page, `/device/${meter.name}`)
  await until(() => page.locator('canvas.spark').first().evaluate((canvas) => {
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
    return data.some((byte) => byte !== 0)
  }), 'a drawn sparkline')
}))

test('absent is a dash with its reason on focus', (context) => withPage({}, async (page) => {
  await visit(page, '/')
  const absent = (await ask(page, '/points')).find((value) => value.quality === 'absent')
  if (!absent) return context.skip('nothing is absent on this unit')
  await visit(page, `/device/${absent.path.split('/')[0]}`)
  // Until its value has come, every figure is absent: this one stays so.
  const figure = page.locator('.figure.absent').filter({ hasNotText: 'Not read yet.' }).first()
  await figure.waitFor()
  assert.match(await figure.innerText(), /–/)
  await figure.focus()
  await page.waitForSelector('#why:not([hidden])')
  assert.ok((await page.locator('#why').innerText()).length > 5)
  // what has the focus keeps its words when the page moves under it
  await page.evaluate(() => document.dispatchEvent(new Event('scroll')))
  assert.ok(await page.locator('#why').isVisible())
}))

test('bad is a word with a shape, never a number', (context) => withPage({}, async (page) => {
  await visit(page, '/')
  const bad = (await ask(page, '/points')).find((value) => value.quality === 'bad')
  if (!bad) return context.skip('nothing is bad on this unit')
  await visit(page, `/device/${bad.path.split('/')[0]}`)
  assert.match(await page.locator('.figure.bad').first().innerText(), /◆\s*bad/)
}))

test('a battery shows charge and time left', (context) => withPage({}, async (page) => {
  await visit(page, '/')
  const { devices } = await ask(page, '/site')
  const battery = devices.find((device) => device.components.some((one) => one.name === 'battery'))
  if (!battery) return context.skip('no battery on this unit')
  await visit(page, `/device/${battery.name}`)
  await until(async () => /\d+\s*%/.test(await page.locator('.battery-words').first().innerText()), 'the charge')
  await keep(page, 'battery')
}))

test('an unknown device says so and shows the way out', () => withPage({}, async (page) => {
  await visit(page, '/device/no-such-thing')
  assert.match(await page.locator('main').innerText(), /no device called no-such-thing/)
}))

test('the display of a pulse meter is set: what is wrong stands at the field, what was taken is read back', async (t) => {
  if (!MOCK) return t.skip('the demo has no pulse inputs')
  await withPage({}, async (page) => {
    await visit(page, '/device/dc-1')
    const display = page.locator('[data-display="dc-1/pulse-1"]')
    await display.getByText(/^10.l a pulse$/).waitFor()
    const button = display.getByRole('button', { name: 'Set to the display: Cold water' })
    await button.click()
    const field = display.getByLabel('The display reads now, in m³')
    await until(() => field.evaluate((one) => one === document.activeElement), 'the keyboard is in the field')
    const fault = display.locator('.field-help .fault')
    for (const [typed, said] of [['12 m³', 'This must be a number'], ['-1', 'no less than 0'], ['4711', 'its line does not answer']]) {
      await field.fill(typed)
      await page.keyboard.press('Enter')
      await fault.filter({ hasText: said }).waitFor()
      assert.equal(await field.getAttribute('aria-invalid'), 'true')
      assert.equal(await field.inputValue(), typed, 'what was typed stays')
    }
    await assertAccessible(page, 'a display with a fault')
    await field.fill('900,25')
    await page.keyboard.press('Enter')
    await display.getByText(/^Taken: the display reads 900\.250.m³\. It stands here/).waitFor()
    await display.getByText(/^The display reads 900\.2\d\d.m³\.$/).waitFor()
    await until(() => button.evaluate((one) => one === document.activeElement), 'back at the button')
    await display.locator('.facts').getByText(/900\.2/).waitFor()
    await page.setViewportSize(PHONE)
    await button.click()
    await assertFits(page, 'the form on a phone')
  })
})

test('who may not set a display sees what it reads and no form', async (t) => {
  if (!MOCK) return t.skip('the demo has no pulse inputs')
  await withPage({ signedIn: false }, async (page) => {
    await signIn(page, 'night-shift')
    await visit(page, '/device/dc-1')
    await page.locator('[data-display="dc-1/pulse-1"] .facts').getByText(/\d\.\d{3}/).waitFor()
    assert.equal(await page.locator('.display button').count(), 0)
  })
})
