// Settings: checked while typing, applied, undone; another person's change is never lost.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, assertFits, close, control, keep, MOCK, open, PHONE, until, visit, withPage } from './browser.mjs'

before(open)
after(close)

const LIVE = ['int', 'integer', 'number', 'duration']

/** A bounded setting that may be changed without harm on any unit, a value that is too large, and two that are not. */
async function choose(page) {
  const { tables } = await ask(page, '/settings/schema')
  const { values } = await ask(page, '/settings')
  for (const table of tables.filter((one) => !one.collection)) {
    for (const row of table.rows) {
      const entry = values.find((one) => one.key === `${table.name}.${row.key}`)
      if (!entry || entry.source === 'file' || row.apply !== 'live' || !LIVE.includes(row.type) || typeof row.max !== 'number') continue
      const duration = row.type === 'duration'
      if (duration && (row.min > 36_000 || row.max < 39_600)) continue
      const near = entry.value + 2 <= row.max ? [entry.value + 1, entry.value + 2] : [entry.value - 1, entry.value - 2]
      return {
        table: table.name, key: entry.key, value: entry.value,
        tooLarge: duration ? `${row.max + 1} s` : String(row.max + 1),
        others: duration ? ['11 h', '10 h'] : near,
      }
    }
  }
  return null
}

const fieldOf = (page, key) => page.locator(`[data-key="${key}"] input`)

test('a value is checked while typing, applied, and undone', (context) => withPage({}, async (page) => {
  await visit(page, '/settings')
  const chosen = await choose(page)
  if (!chosen) return context.skip('no number to change on this unit')
  const { table, key, value, tooLarge, others: [other] } = chosen
  await visit(page, `/settings/${table}`)
  const field = fieldOf(page, key)
  await field.fill(tooLarge)
  assert.match(await page.locator(`[data-key="${key}"] .fault`).innerText(), /largest value/)
  assert.ok(await page.getByRole('button', { name: 'Apply' }).isDisabled())
  await field.fill(String(other))
  assert.match(await page.locator('.changes').innerText(), new RegExp(key))
  await keep(page, 'settings-review')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('button', { name: 'Undo' }).waitFor()
  const now = async () => (await ask(page, '/settings')).values.find((one) => one.key === key)
  assert.equal((await now()).value, other)
  await page.getByRole('button', { name: 'Undo' }).click()
  await until(async () => (await now()).value === value, 'the old value')
}))

test('what is fixed in the site file is shown with the reason', (context) => withPage({}, async (page) => {
  await visit(page, '/settings')
  const { values } = await ask(page, '/settings')
  const { tables } = await ask(page, '/settings/schema')
  const plain = tables.filter((one) => !one.collection).map((one) => one.name)
  const fixed = values.find((one) => one.source === 'file' && plain.includes(one.key.split('.')[0]))
  if (!fixed) return context.skip('nothing is fixed on this unit')
  await visit(page, `/settings/${fixed.key.split('.')[0]}`)
  const row = page.locator(`[data-key="${fixed.key}"]`)
  assert.ok(await row.locator('input, select').first().isDisabled())
  assert.match(await row.innerText(), /Fixed in the site file/)
}))

test('two people change settings: neither change is lost', (context) => withPage({}, async (page, browserContext) => {
  await visit(page, '/settings')
  const chosen = await choose(page)
  if (!chosen) return context.skip('no number to change on this unit')
  const { table, key, value, others: [theirs, mine] } = chosen
  await visit(page, `/settings/${table}`)
  await fieldOf(page, key).fill(String(mine))
  const other = await browserContext.newPage()
  await visit(other, `/settings/${table}`)
  await fieldOf(other, key).fill(String(theirs))
  await other.getByRole('button', { name: 'Apply' }).click()
  await other.getByRole('button', { name: 'Undo' }).waitFor()
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.locator('.conflict').waitFor()
  assert.match(await page.locator('.conflict').innerText(), new RegExp(`${key} is now`))
  assert.equal(await fieldOf(page, key).inputValue(), String(mine))
  await keep(page, 'settings-conflict')
  await page.getByRole('button', { name: 'Keep theirs' }).click()
  await page.locator('.conflict').waitFor({ state: 'detached' })
  assert.equal(await fieldOf(page, key).inputValue(), String(theirs))
  await other.getByRole('button', { name: 'Undo' }).click()
  await until(async () => (await ask(page, '/settings')).values.find((one) => one.key === key).value === value, 'the old value')
}))

test('another person\'s change of something else does not stand in the way for long', { skip: !MOCK }, () => withPage({}, async (page) => {
  await visit(page, '/settings/site')
  await page.locator('[data-key="site.contact"] input').fill('somebody@example.net')
  await control('other-change')
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.locator('.conflict').waitFor()
  await page.getByRole('button', { name: 'Apply' }).click()
  await page.getByRole('button', { name: 'Undo' }).waitFor()
  const { values } = await ask(page, '/settings')
  assert.equal(values.find((one) => one.key === 'site.contact').value, 'somebody@example.net')
  await page.getByRole('button', { name: 'Undo' }).click()
  await until(async () => (await ask(page, '/settings')).values.find((one) => one.key === 'site.contact').source === 'default', 'the default')
}))

test('a user is added, changed and removed', () => withPage({}, async (page) => {
  await visit(page, '/settings/users')
  await page.fill('#new-user', 'page-test')
  await page.selectOption('#new-role', 'control')
  await page.locator('.add-form input[autocomplete="new-password"]').fill('copper kettle morning bird')
  await page.getByRole('button', { name: 'Add a user' }).click()
  const row = page.locator('.person-row', { hasText: 'page-test' })
  await row.waitFor()
  await row.getByLabel('Role of page-test').selectOption('view')
  await until(async () => (await ask(page, '/users')).find((one) => one.name === 'page-test').role === 'view', 'the new role')
  await keep(page, 'users')
  await row.getByRole('button', { name: 'Remove page-test' }).click()
  await row.getByRole('button', { name: 'Yes, remove' }).click()
  await row.waitFor({ state: 'detached' })
}))

test('wrong passwords that make others wait are told beside the user', () => withPage({}, async (page) => {
  await page.route('**/api/v1/users', async (route) => {
    const answer = await route.fetch()
    const users = (await answer.json()).map((user) => ({ ...user, locked_until: new Date(Date.now() + 60_000).toISOString() }))
    await route.fulfill({ response: answer, json: users })
  })
  await visit(page, '/settings/users')
  await page.getByText(/wrong passwords: .* waits until \d\d:\d\d:\d\d/).first().waitFor()
}))

test('a token is shown once, then revoked', () => withPage({}, async (page) => {
  await visit(page, '/settings/tokens')
  await page.fill('#token-name', 'page-test')
  await page.getByRole('button', { name: 'Make a token' }).click()
  const token = await page.locator('.once input').inputValue()
  assert.ok(token.length > 20)
  await page.getByRole('button', { name: 'Done' }).click()
  await page.reload()
  const row = page.locator('.person-row', { hasText: 'page-test' }).first()
  await row.waitFor()
  assert.ok(!(await page.content()).includes(token))
  await row.getByRole('button', { name: 'Revoke page-test' }).click()
  await row.getByRole('button', { name: 'Yes, revoke' }).click()
  await until(async () => !(await ask(page, '/tokens')).some((one) => one.name === 'page-test'), 'no such token')
}))

test('settings fit a phone', () => withPage({ viewport: PHONE }, async (page) => {
  await visit(page, '/settings')
  await page.waitForSelector('.setting')
  await assertFits(page, 'settings')
  assert.ok(await page.locator('.head .role').isVisible(), 'as what one is signed in')
  await keep(page, 'settings-390')
}))
