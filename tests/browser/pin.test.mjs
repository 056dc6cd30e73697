// Signing in by PIN with keys and with the number pad, the PUK, and what administrators do with both.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, change, close, control, BASE, keep, MOCK, open, PASSWORD, PHONE, until, USER, visit, withPage } from './browser.mjs'

// Made by the first test, taken away at the end.
const PEOPLE = ['pin-night', 'pin-fitter']
const made = {}

before(open)
after(async () => {
  await withPage({}, async (page) => {
    for (const name of PEOPLE) await change(page, `/users/${name}`, undefined, 'DELETE')
  })
  if (MOCK) await control('settled')
  await close()
})

const row = (page, name) => page.locator('.person-row').filter({ has: page.getByText(name, { exact: true }) })
const alone = { signedIn: false }

async function openPin(page) {
  await page.goto(`${BASE}/sign-in`)
  await page.getByRole('button', { name: 'PIN', exact: true }).click()
  await page.getByRole('group', { name: 'Number pad' }).waitFor()
}

async function typePin(page, user, pin) {
  await page.fill('#user', user)
  await page.getByLabel('PIN', { exact: true }).fill(pin)
  await page.keyboard.press('Enter')
}

/** What the unit shows once. */
async function codesOf(page) {
  await page.locator('.codes dd').first().waitFor()
  const [pin, puk] = (await page.locator('.codes dd').allInnerTexts()).map((text) => text.replace(/\s/g, ''))
  return { pin, puk }
}

test('where nobody has a PIN none is asked for', () => withPage(alone, async (page) => {
  await page.goto(`${BASE}/sign-in`)
  await page.waitForSelector('#user')
  assert.equal(await page.getByRole('group', { name: 'How to sign in' }).count(), 0)
}))

test('an administrator adds users with a PIN; it is shown once', () => withPage({}, async (page) => {
  await visit(page, '/settings/users')
  for (const [name, role] of [[PEOPLE[0], 'control'], [PEOPLE[1], 'installer']]) {
    await page.fill('#new-user', name)
    await page.selectOption('#new-role', role)
    await page.selectOption('#new-with', 'pin')
    await page.getByRole('button', { name: 'Add a user' }).click()
    await page.getByText(`For ${name}.`).waitFor()
    made[name] = await codesOf(page)
    assert.match(made[name].pin, /^\d{6}$/)
    assert.match(made[name].puk, /^\d{8}$/)
    await row(page, name).waitFor()
    if (name === PEOPLE[0]) {
      await keep(page, 'pin-made')
      await assertAccessible(page, 'PIN shown once')
    }
    await page.getByRole('button', { name: 'Done' }).click()
    assert.equal(await page.locator('.codes').count(), 0)
  }
  await visit(page, '/settings/users')
  const whole = await page.content()
  for (const name of PEOPLE) assert.ok(!whole.includes(made[name].pin) && !whole.includes(made[name].puk))
}))

test('by keys', () => withPage(alone, async (page) => {
  await openPin(page)
  const field = page.getByLabel('PIN', { exact: true })
  assert.deepEqual(await Promise.all(['inputmode', 'autocomplete', 'type'].map((name) => field.getAttribute(name))), ['numeric', 'current-password', 'password'])
  await field.pressSequentially('48-2 x9')
  assert.equal(await field.inputValue(), '4829', 'digits only')
  await keep(page, 'pin-sign-in')
  await assertAccessible(page, 'PIN')
  await typePin(page, PEOPLE[0], made[PEOPLE[0]].pin)
  await page.waitForSelector('[data-page]:not([data-page="sign-in"])')
  assert.match(await page.locator('.who').innerText(), new RegExp(PEOPLE[0]))
  const kept = await page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie)
  assert.ok(!kept.includes(made[PEOPLE[0]].pin))
}))

test('by the number pad on a phone', () => withPage({ ...alone, viewport: PHONE, scheme: 'dark' }, async (page) => {
  await openPin(page)
  await page.fill('#user', PEOPLE[0])
  const submit = page.getByRole('button', { name: 'Sign in' })
  assert.ok(await submit.isDisabled())
  await page.getByRole('button', { name: 'Digit 7' }).click()
  await page.getByRole('button', { name: 'Delete the last digit' }).click()
  for (const digit of made[PEOPLE[0]].pin) await page.getByRole('button', { name: `Digit ${digit}` }).click()
  assert.equal(await page.getByLabel('PIN', { exact: true }).inputValue(), made[PEOPLE[0]].pin)
  assert.equal(await page.locator('.pad [role="status"]').innerText(), '6 digits entered')
  for (const key of await page.locator('.pad button').all()) {
    const { width, height } = await key.boundingBox()
    assert.ok(width >= 44 && height >= 44, 'keys for fingers')
  }
  await assertFits(page, 'PIN')
  await assertAccessible(page, 'PIN on a phone, dark')
  await keep(page, 'pin-sign-in-390-dark', { fullPage: true })
  await submit.click()
  await page.waitForSelector('[data-page]:not([data-page="sign-in"])')
}))

test('a wrong PIN is refused, and typed anew', () => withPage(alone, async (page) => {
  await openPin(page)
  await typePin(page, 'nobody-at-all', '102947')
  await until(async () => (await page.locator('[role="alert"]').innerText()).includes('PIN'), 'the refusal')
  assert.equal(await page.getByLabel('PIN', { exact: true }).inputValue(), '')
  assert.equal(await page.inputValue('#user'), 'nobody-at-all')
}))

test('the PUK sets a new PIN and signs in', () => withPage({ ...alone, viewport: PHONE }, async (page) => {
  const { pin, puk } = made[PEOPLE[0]]
  const fresh = pin === '583917' ? '583916' : '583917'
  await openPin(page)
  await page.fill('#user', PEOPLE[0])
  await page.getByRole('button', { name: 'PIN forgotten or blocked?' }).click()
  await page.getByLabel('PUK', { exact: true }).fill(`${puk.slice(0, 4)} ${puk.slice(4)}`)
  const submit = page.getByRole('button', { name: 'Set PIN and sign in' })
  await page.getByLabel('New PIN', { exact: true }).fill('999999')
  await page.getByLabel('New PIN once more').fill('999998')
  assert.ok(await submit.isDisabled())
  await page.getByLabel('New PIN once more').fill('999999')
  await submit.click()
  await until(async () => (await page.locator('[role="alert"]').innerText()).includes('first that are tried'), 'a PIN that is too easy is refused')
  await page.getByLabel('New PIN', { exact: true }).fill(fresh)
  await page.getByLabel('New PIN once more').fill(fresh)
  await assertFits(page, 'PUK')
  await assertAccessible(page, 'PUK')
  await keep(page, 'pin-puk-390', { fullPage: true })
  await submit.click()
  await page.waitForSelector('[data-page]:not([data-page="sign-in"])')
  made[PEOPLE[0]].pin = fresh
}))

test('a PIN is set anew, chosen, and taken away only where a password remains', () => withPage({}, async (page) => {
  await visit(page, '/settings/users')
  await page.getByRole('button', { name: `PIN of ${PEOPLE[0]}` }).click()
  await page.getByLabel('Or a chosen one').fill('12345678')
  await page.getByRole('button', { name: 'Set this PIN' }).click()
  await page.getByText('first that are tried').waitFor()
  await keep(page, 'pin-panel')
  await assertAccessible(page, 'PIN of a user')
  assert.equal(await row(page, PEOPLE[0]).getByRole('button', { name: /Take/ }).count(), 0)
  await page.getByRole('button', { name: 'New PUK only' }).click()
  await page.locator('.codes dd').first().waitFor()
  assert.deepEqual(await page.locator('.codes dt').allInnerTexts(), ['PUK'])
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: `PIN of ${PEOPLE[0]}` }).click()
  await page.getByRole('button', { name: 'Make a PIN at random' }).click()
  Object.assign(made[PEOPLE[0]], await codesOf(page))
}))

test('each begins at a page of their own', () => withPage({}, async (page) => {
  await visit(page, '/settings/users')
  await page.getByLabel(`Page at which ${PEOPLE[0]} begins`).selectOption('events')
  await page.getByText(`${PEOPLE[0]} was changed.`).waitFor()
  assert.equal((await ask(page, '/users')).find((user) => user.name === PEOPLE[0]).home, 'events')
  await page.getByRole('button', { name: 'Sign out' }).click()
  await openPin(page)
  await typePin(page, PEOPLE[0], made[PEOPLE[0]].pin)
  await page.waitForSelector('[data-page="events"]')
}))

test('an installer finds lines and devices in the settings, and no users', { skip: MOCK }, () => withPage(alone, async (page) => {
  await openPin(page)
  await typePin(page, PEOPLE[1], made[PEOPLE[1]].pin)
  await page.waitForSelector('[data-page="diagnostics"]') // where this role begins
  await visit(page, '/settings')
  const sections = await page.locator('.sections a').evaluateAll((links) => links.map((link) => link.getAttribute('href')))
  const has = (name) => sections.includes(`/settings/${name}`)
  assert.ok(has('devices') && has('lines'))
  assert.ok(!['site', 'web', 'access', 'mail', 'certificate', 'users', 'tokens', 'history'].some(has), sections.join(' '))
  await keep(page, 'pin-installer')
}))

/** Without the page of signing in, which looks otherwise while names are listed. */
async function listNames(page, on) {
  if (MOCK) return control(on ? 'list-names' : 'hide-names')
  await page.evaluate(async (body) => { await fetch('/api/v1/session', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body }) },
    JSON.stringify({ user: USER, password: PASSWORD }))
  await change(page, '/settings', { 'access.list_names': on || null })
}

async function chooseName(page) {
  await listNames(page, true)
  await page.getByRole('button', { name: 'Sign out' }).click()
  await page.goto(`${BASE}/sign-in`)
  await page.getByRole('group', { name: 'Number pad' }).waitFor() // with names it begins there
  assert.deepEqual(await page.locator('#user option').allInnerTexts(), ['Choose who you are', ...PEOPLE, 'Another user'])
  await assertAccessible(page, 'names')
  await keep(page, 'pin-names')
  await page.selectOption('#user', '?')
  await page.fill('#user', PEOPLE[0])
  await page.getByLabel('PIN', { exact: true }).fill(made[PEOPLE[0]].pin)
  await page.keyboard.press('Enter')
  await page.waitForSelector('[data-page="events"]')
}

test('names to choose from, where the site wants that', () => withPage({}, async (page) => {
  try {
    await chooseName(page)
  } finally {
    await listNames(page, false)
  }
}))
