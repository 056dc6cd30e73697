// Lines and devices on the settings page: added with the first values, changed, renamed, removed; units searched.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, close, keep, MOCK, open, PHONE, until, visit, withPage } from './browser.mjs'

before(open)
after(close)

const skip = { skip: MOCK && 'needs real lines' }
const PHONE_360 = { width: 360, height: 720 }

/** A network line of this unit with a device on it; its address may be read under a second name, by another profile. */
async function wired(page) {
  const { values } = await ask(page, '/settings')
  const value = (key) => values.find((one) => one.key === key)?.value
  const line = values.find(({ key, value: kind }) => /^lines\.[^.]+\.kind$/.test(key) && kind === 'modbus-tcp').key.split('.')[1]
  const device = values.find(({ key, value: on }) => /^devices\.[^.]+\.line$/.test(key) && on === line).key.split('.')[1]
  assert.equal(value(`devices.${device}.profile`), 'eastron-sdm630')
  return { line, unit: value(`devices.${device}.unit`), profile: 'eastron-sdm72v2', device } // its sister: the same first registers
}

const field = (page, key, kind = 'input, select') => page.locator(`[data-key="${key}"]`).locator(kind).first()
const member = (page, name) => page.locator(`[data-member="${name}"]`)
const names = async (page) => (await ask(page, '/site')).devices.map((device) => device.name)

/** Fills the form in as a person does: search the profile, take the hit. */
async function fillIn(page, name, { line, unit, profile }) {
  await page.getByRole('button', { name: 'Add a device' }).click()
  await page.fill('#new-name', name)
  await field(page, 'devices.new.line').selectOption(line)
  await field(page, 'devices.new.unit').fill(String(unit))
  await field(page, 'devices.new.profile').fill(profile.split('-').reverse().join(' '))
  await page.locator('.combo [role="option"]', { hasText: profile }).first().click()
  assert.equal(await field(page, 'devices.new.profile').inputValue(), profile)
}

async function remove(page, name) {
  const box = member(page, name)
  if (!(await box.evaluate((element) => element.open))) await box.locator('summary').click()
  await box.getByRole('button', { name: `Remove ${name}` }).click()
  await box.getByRole('button', { name: 'Yes, remove' }).click()
  await box.waitFor({ state: 'detached' })
}

test('a device is added, says its first values, is renamed, removed and brought back; those of the site file stay', skip, () => withPage({}, async (page) => {
  await visit(page, '/settings/devices')
  const here = await wired(page)
  await member(page, here.device).locator('summary').click()
  assert.match(await member(page, here.device).innerText(), /Named in the site file/)
  assert.equal(await member(page, here.device).getByRole('button', { name: /Remove/ }).count(), 0)
  await fillIn(page, 'page-meter', here)
  await page.getByRole('button', { name: 'Add this device' }).click()
  await page.locator('.first-values li').first().waitFor()
  assert.match(await page.locator('[data-first]').innerText(), /It answers: \d+ values? read/)
  await keep(page, 'settings-added')
  const box = member(page, 'page-meter')
  await box.getByRole('button', { name: 'Rename page-meter' }).click()
  assert.match(await box.innerText(), /history stays under the old name/)
  await box.locator('.inline-form input').fill(here.device)
  assert.match(await box.locator('.inline-form').innerText(), /already/)
  await box.locator('.inline-form input').fill('page-meter-2')
  await box.getByRole('button', { name: 'Rename', exact: true }).click()
  await member(page, 'page-meter-2').waitFor()
  assert.ok(!(await names(page)).includes('page-meter') && (await names(page)).includes('page-meter-2'))
  const renamed = member(page, 'page-meter-2')
  await renamed.getByRole('button', { name: 'Remove page-meter-2' }).click()
  assert.match(await renamed.locator('.confirm').innerText(), /What was recorded is kept/)
  await renamed.getByRole('button', { name: 'Cancel' }).click()
  await remove(page, 'page-meter-2')
  await page.getByRole('button', { name: 'Undo' }).click()
  await member(page, 'page-meter-2').waitFor()
  await remove(page, 'page-meter-2')
  assert.ok(!(await names(page)).includes('page-meter-2'))
}))

test('a device that does not answer says why, and mistakes stand beside their fields', skip, () => withPage({ viewport: PHONE_360 }, async (page) => {
  await visit(page, '/settings/devices')
  const here = await wired(page)
  await fillIn(page, 'Page', { ...here, unit: 300 })
  await page.getByRole('button', { name: 'Add this device' }).click()
  assert.match(await page.locator('#new-name-help .fault').innerText(), /Lower-case letters/)
  assert.match(await page.locator('[data-key="devices.new.unit"] .fault').innerText(), /largest value is 255/)
  await assertFits(page, 'the form')
  await assertAccessible(page, 'the form')
  await keep(page, 'settings-add-360', { fullPage: true })
  await page.fill('#new-name', 'page-silent')
  await field(page, 'devices.new.unit').fill('199')
  await field(page, 'devices.new.profile').fill('no-such-profile')
  await page.getByRole('button', { name: 'Add this device' }).click()
  await until(async () => /no-such-profile/.test(await page.locator('.add-record').innerText()) && /no "no-such-profile"/.test(await page.locator('.add-record .fault').allInnerTexts().then((all) => all.join(' '))),
    'the sentence of the unit')
  await field(page, 'devices.new.profile').fill(here.profile)
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: 'Add this device' }).click()
  await page.locator('[data-first="page-silent"]').waitFor()
  await until(async () => /does not answer/.test(await page.locator('[data-first]').innerText()), 'why it does not answer', 15_000)
  await remove(page, 'page-silent')
}))

test('a line is added by keyboard, shows only what its kind needs, and is removed', skip, () => withPage({}, async (page) => {
  await visit(page, '/settings/lines')
  await page.getByRole('button', { name: 'Add a line' }).focus()
  await page.keyboard.press('Enter')
  await page.locator('#new-name:focus').waitFor()
  await page.keyboard.type('page-line')
  await page.keyboard.press('Tab')
  await page.keyboard.type('modbus-rtu')
  await field(page, 'lines.new.baud').waitFor()
  assert.equal(await page.locator('[data-key="lines.new.host"]').count(), 0)
  await field(page, 'lines.new.kind').selectOption('modbus-tcp')
  assert.equal(await page.locator('[data-key="lines.new.baud"]').count(), 0)
  await page.getByRole('button', { name: 'Add this line' }).click()
  await until(async () => (await page.locator('[data-key="lines.new.host"] .fault').innerText()) !== '', 'the unit to ask for the host')
  await field(page, 'lines.new.host').fill('192.0.2.1')
  await page.getByRole('button', { name: 'Add this line' }).click()
  await page.locator('[data-first="page-line"]').waitFor()
  await remove(page, 'page-line')
}))

/** Another person, somewhere else, at the same time. */
function another(page, method, path, body) {
  return page.evaluate(async ([how, where, what]) => {
    const { csrf } = await (await fetch('/api/v1/session')).json()
    const headers = { 'X-CSRF-Token': csrf, 'Content-Type': 'application/json' }
    return (await fetch(`/api/v1${where}`, { method: how, headers, body: what && JSON.stringify(what) })).status
  }, [method, path, body])
}

test('two people add and remove: nothing of either is lost', skip, () => withPage({}, async (page) => {
  await visit(page, '/settings/devices')
  const here = await wired(page)
  const theirs = (name) => Object.fromEntries(['line', 'unit', 'profile'].map((key) => [`devices.${name}.${key}`, here[key]]))
  await fillIn(page, 'page-one', { ...here, unit: 77 })
  assert.equal(await another(page, 'PUT', '/settings', theirs('page-one')), 200)
  await page.getByRole('button', { name: 'Add this device' }).click()
  await until(async () => /Somebody else made “page-one”|There is “page-one” already/.test(await page.locator('.add-record').innerText()), 'the name to be taken')
  assert.equal((await ask(page, '/settings/devices.page-one.unit')).value, here.unit)
  await page.fill('#new-name', 'page-two')
  await page.getByRole('button', { name: 'Add this device' }).click()
  await member(page, 'page-two').waitFor()

  // A change elsewhere makes our revision old, and has nothing to do with what is removed here.
  assert.equal(await another(page, 'PUT', '/settings', { 'devices.page-one.label': 'Theirs' }), 200)
  await remove(page, 'page-two')
  assert.deepEqual((await names(page)).filter((name) => name.startsWith('page-')), ['page-one'])
  // The same record, changed by another: it is not removed unseen.
  assert.equal(await another(page, 'PUT', '/settings', { 'devices.page-one.label': 'Theirs again' }), 200)
  await member(page, 'page-one').locator('summary').click()
  await member(page, 'page-one').getByRole('button', { name: 'Remove page-one' }).click()
  await member(page, 'page-one').getByRole('button', { name: 'Yes, remove' }).click()
  await page.getByText('Somebody else changed page-one meanwhile').waitFor()

  await field(page, 'devices.page-one.label').fill('Mine')
  assert.equal(await another(page, 'DELETE', '/settings/devices.page-one'), 200)
  await page.getByRole('button', { name: 'Apply' }).click()
  await until(async () => /Somebody removed what you were changing/.test(await page.locator('.conflict').innerText()), 'the removal to be told')
}))

test('a search finds what is wired and hands it to the form', skip, () => withPage({ viewport: PHONE, scheme: 'dark' }, async (page) => {
  await visit(page, '/settings/devices')
  const { line, unit } = await wired(page)
  await page.locator('#scan-line').selectOption(line)
  await page.fill('#scan-first', String(unit))
  await page.fill('#scan-last', String(unit))
  await page.getByRole('button', { name: 'Search', exact: true }).last().click()
  const row = page.locator('.found-row').first()
  await row.waitFor()
  assert.match(await row.innerText(), new RegExp(`Unit ${unit}`))
  await page.getByText('1 address asked').waitFor()
  await assertFits(page, 'the search')
  await keep(page, 'settings-search', { fullPage: true })
}))
