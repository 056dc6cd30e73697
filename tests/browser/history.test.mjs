// What is recorded: rules, their forecast before anything is applied, record now, clear, and the notice on every page.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, close, keep, MOCK, open, PHONE, until, visit, withPage } from './browser.mjs'

before(open)
after(close)

const RULE = 'test-rule'
const forecast = (page) => page.locator('dl.forecast')

/** A device that has total voltage or energy, for a pattern that fits something on any unit. */
async function somePattern(page) {
  const { devices } = await ask(page, '/site')
  const points = devices.flatMap((device) => device.components.flatMap((part) => part.points.map((point) => point.path)))
  const [device, , quantity] = points.find((path) => /\/(voltage|current|real-power)$/.test(path)).split('/')
  const fits = points.filter((path) => path.startsWith(`${device}/`) && path.endsWith(`/${quantity}`)).length
  return { pattern: `${device}/*/${quantity}`, device, fits }
}

async function fillDraft(page, { name, points, every }) {
  const row = page.locator('tr[data-rule="new"]')
  await row.getByLabel('Name', { exact: true }).fill(name)
  await row.locator('input.pattern').fill(points)
  if (every !== undefined) await row.locator('input.every').fill(every)
  return row
}

async function removeRule(page) {
  await visit(page, '/settings/history')
  await page.locator('dl.forecast').waitFor()
  const button = page.getByRole('button', { name: `Remove the rule ${RULE}` })
  if (!(await button.count())) return
  await button.click()
  await page.getByRole('button', { name: 'Remove', exact: true }).click()
  await until(async () => !(await page.locator(`tr[data-rule="${RULE}"]`).count()), 'the rule is gone')
}

test('the forecast follows what is typed, before anything is applied', (context) => withPage({}, async (page) => {
  if (MOCK) return context.skip('the mock records nothing')
  await removeRule(page)
  const { pattern, fits } = await somePattern(page)
  const words = async () => (await forecast(page).locator('div').nth(1).innerText()).replace(/\s+/g, ' ') // points and readings a day
  const before = await words()
  await page.getByRole('button', { name: 'Add a rule' }).click()
  const row = await fillDraft(page, { name: RULE, points: pattern, every: '1 s' })
  await until(async () => (await words()) !== before, 'another forecast')
  await until(async () => (await row.locator('.fits').innerText()).startsWith(`${fits} point`), 'how many points it fits')
  await fillDraft(page, { name: RULE, points: 'nobody/total/voltage' })
  await until(async () => /fits no point/.test(await row.innerText()), 'a hint that it fits nothing')
  await fillDraft(page, { name: RULE, points: 'nobody/total/voltaje' })
  await until(async () => /did you mean "voltage"/.test(await row.innerText()), 'the mistake')
  assert.ok(await row.getByRole('button', { name: 'Add' }).isDisabled())
  assert.ok(!(await ask(page, '/settings')).values.some(({ key }) => key.startsWith(`history_rules.${RULE}.`)))
  await page.getByRole('button', { name: 'Cancel' }).click()
  await until(async () => (await words()) === before, 'the forecast of before')
}))

test('a rule is added, changed, applied and removed', (context) => withPage({}, async (page) => {
  if (MOCK) return context.skip('the mock records nothing')
  await removeRule(page)
  const { pattern } = await somePattern(page)
  await page.getByRole('button', { name: 'Add a rule' }).click()
  const row = await fillDraft(page, { name: RULE, points: pattern, every: '10 s' })
  await row.getByRole('button', { name: 'Add' }).click()
  const rule = page.locator(`tr[data-rule="${RULE}"]`)
  await rule.waitFor()
  await rule.getByRole('combobox').selectOption('highest')
  await rule.locator('input.every').fill('90 min')
  await until(async () => /1 s to 60 min/.test(await rule.innerText()), 'the mistake is told at once')
  await rule.locator('input.every').fill('off')
  await until(async () => !(await rule.locator('.fault').count()), 'no mistake')
  await keep(page, 'history-rules')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('button', { name: 'Undo' }).waitFor()
  const { values } = await ask(page, '/settings')
  const of = (key) => values.find((one) => one.key === `history_rules.${RULE}.${key}`).value
  assert.deepEqual([of('points'), of('mode'), of('every')], [pattern, 'highest', 'off'])
  await removeRule(page)
}))

test('record now, and clear only after a question that says what is lost', (context) => withPage({}, async (page) => {
  if (MOCK) return context.skip('the mock records nothing')
  await visit(page, '/settings/history')
  await forecast(page).waitFor()
  await page.getByRole('button', { name: 'Record now' }).click()
  await page.getByText(/\d+ points recorded at/).waitFor()
  const { device } = await somePattern(page)
  await page.getByLabel('History of', { exact: true }).selectOption(device)
  await page.getByRole('button', { name: `Clear the history of ${device}` }).click()
  assert.match(await page.locator('.history-clear .confirm').innerText(), /removed for ever: graphs, CSV files and energy/)
  await page.getByRole('button', { name: 'Cancel' }).click()
  assert.equal(await page.locator('.history-clear .confirm').count(), 0)
}))

test('a problem of the history stands at the head of every page', (context) => withPage({}, async (page) => {
  if (MOCK) return context.skip('the mock records nothing')
  await page.route('**/api/v1/health', async (route) => {
    const answer = await route.fetch()
    const body = { ...(await answer.json()), history_problem: 'the disk is full: 12 ticks wait' }
    await route.fulfill({ response: answer, json: body })
  })
  for (const path of ['/', '/graph', '/diagnostics', '/settings']) {
    await visit(page, path)
    await page.locator('.history-banner').waitFor()
    assert.match(await page.locator('.history-banner').innerText(), /History: the disk is full/)
  }
}))

test('without the time of day the settings say what becomes of the readings', (context) => withPage({}, async (page) => {
  if (MOCK) return context.skip('the mock records nothing')
  await page.route('**/api/v1/site', async (route) => {
    const answer = await route.fetch()
    await route.fulfill({ response: answer, json: { ...(await answer.json()), clock_known: false } })
  })
  await visit(page, '/settings/history')
  await page.locator('.no-clock').waitFor()
  assert.match(await page.locator('.no-clock').innerText(), /nothing is lost/)
}))

for (const [scheme, viewport] of [['light', undefined], ['dark', undefined], ['dark', PHONE]]) {
  test(`history settings are readable: ${scheme}${viewport ? ', phone' : ''}`, (context) => withPage({ scheme, ...(viewport ? { viewport } : {}) }, async (page) => {
    if (MOCK) return context.skip('the mock records nothing')
    await visit(page, '/settings/history')
    await forecast(page).waitFor()
    await page.getByRole('button', { name: 'Add a rule' }).click()
    await fillDraft(page, { name: RULE, points: '*/*/*', every: 'never' })
    await page.locator('tr[data-rule="new"] .fault').first().waitFor()
    await assertFits(page, 'history settings')
    await assertAccessible(page, 'history settings')
    await keep(page, `history-${scheme}${viewport ? '-390' : ''}`, { fullPage: true })
  }))
}
