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

// A user of its own, so that nobody else's password changes.
test('one\'s own name leads to one\'s own password', () => withPage({}, async (page) => {
  const [first, second] = ['first words of mine 1', 'second words of mine 2']
  await visit(page, '/settings/users')
  const made = await page.evaluate(async (password) => {
    const { csrf } = await (await fetch('/api/v1/session')).json()
    const body = JSON.stringify({ name: 'page-own', role: 'view', password })
    return (await fetch('/api/v1/users', { method: 'POST', body, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf } })).status
  }, first)
  assert.ok([200, 201, 204].includes(made), `user: ${made}`)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForSelector('#user')
  await signIn(page, 'page-own', first)
  await page.getByRole('link', { name: /page-own.*own password/ }).click()
  await page.getByRole('heading', { name: /of page-own$/ }).waitFor()
  const form = page.locator('form', { has: page.getByRole('heading', { name: 'Password', exact: true }) })
  const [now, fresh, repeat] = await form.locator('.password input').all()
  const submit = form.getByRole('button', { name: 'Change password' })
  assert.ok(await submit.isDisabled())
  await now.fill('not the password')
  await fresh.fill(second)
  await repeat.fill(second)
  await submit.click()
  await until(async () => /wrong/.test(await form.locator('[role="alert"]').innerText()), 'the refusal', 30000)
  await now.fill(first)
  await keep(page, 'own-password')
  await until(async () => {
    if (await submit.isEnabled()) await submit.click()
    return /Changed/.test(await form.locator('[role="status"]').last().innerText())
  }, 'the change', 30000)
  await assertFits(page, 'own password')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForSelector('#user')
  await signIn(page, 'page-own', second)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.waitForSelector('#user')
  await signIn(page, USER, PASSWORD)
  await page.evaluate(async () => {
    const { csrf } = await (await fetch('/api/v1/session')).json()
    await fetch('/api/v1/users/page-own', { method: 'DELETE', headers: { 'X-CSRF-Token': csrf } })
  })
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
