// Signing in and out, and the first start of a new unit.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertFits, BASE, close, control, keep, MOCK, open, PASSWORD, PHONE, signIn, until, USER, visit, withPage } from './browser.mjs'

before(open)
after(async () => { if (MOCK) await control('settled'); await close() })

const SECRET = MOCK ? 'one-time-secret' : process.env.BUSBAR_ONE_TIME_SECRET

// Before all others: on a new unit it gives the administrator the password that they use.
test('first start: the one-time secret, then a password of one\'s own', { skip: !SECRET }, () => withPage({ signedIn: false }, async (page) => {
  if (MOCK) await control('first-start')
  await page.goto(`${BASE}/sign-in`)
  await page.getByRole('heading', { name: 'First start' }).waitFor()
  await keep(page, 'first-start')
  await page.fill('#user', 'administrator')
  await page.locator('input[autocomplete="current-password"]').fill(SECRET)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Choose your password' }).waitFor()
  const [fresh, repeat] = await page.locator('input[autocomplete="new-password"]').all()
  const submit = page.getByRole('button', { name: 'Set password and sign in' })
  await fresh.fill('short')
  assert.match(await page.locator('.strength').innerText(), /at least/)
  assert.ok(await submit.isDisabled())
  await fresh.fill(PASSWORD)
  assert.match(await page.locator('.strength').innerText(), /fair|good|strong/)
  await repeat.fill(PASSWORD.slice(0, -2))
  assert.ok(await submit.isDisabled())
  await repeat.fill(PASSWORD)
  await keep(page, 'first-start-password')
  await submit.click()
  await page.waitForSelector('.overview, .empty')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForSelector('#user')
  if (MOCK) await control('settled')
  await signIn(page, 'administrator', PASSWORD)
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie)
  assert.ok(!kept.includes(PASSWORD) && !kept.includes(SECRET))
}))

test('without a session a page asks to sign in, then goes where one wanted', () => withPage({ signedIn: false }, async (page) => {
  await page.goto(`${BASE}/diagnostics`)
  await page.waitForSelector('#user, .diagnostics')
  if (!(await page.locator('#user').count())) return // viewing is open on this unit
  assert.match(page.url(), /sign-in\?next=%2Fdiagnostics/)
  await page.fill('#user', USER)
  await page.locator('input[autocomplete="current-password"]').fill(PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForSelector('.diagnostics')
  assert.match(await page.locator('.who').innerText(), new RegExp(USER))
}))

test('a wrong password is refused with a sentence', () => withPage({ signedIn: false }, async (page) => {
  await page.goto(`${BASE}/sign-in`)
  await page.fill('#user', USER)
  await page.locator('input[autocomplete="current-password"]').fill('not the password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await until(async () => (await page.locator('[role="alert"]').innerText()).length > 5, 'the refusal')
  await keep(page, 'sign-in-refused')
}))

test('signing out ends the session', () => withPage({}, async (page) => {
  await visit(page, '/')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForSelector('#user')
  const { user } = await page.evaluate(async () => (await fetch('/api/v1/session')).json())
  assert.equal(user, null)
}))

test('the password can be looked at while typing', () => withPage({ signedIn: false, viewport: PHONE }, async (page) => {
  await page.goto(`${BASE}/sign-in`)
  const field = page.locator('input[autocomplete="current-password"]')
  await field.fill('secret words')
  await page.getByRole('button', { name: 'Show' }).click()
  assert.equal(await field.getAttribute('type'), 'text')
  await assertFits(page, 'sign-in')
  await keep(page, 'sign-in-390')
}))
