// The event log: found, filtered, paged to its end, grown while it is looked at, and only what one may see.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, close, keep, MOCK, open, PHONE, until, visit, WIDE, withPage } from './browser.mjs'

before(open)
after(close)

/** The mock has no event log. */
const skip = MOCK

/** A user comes and goes: two events. */
async function change(page, name) {
  return page.evaluate(async (contact) => {
    const { csrf } = await (await fetch('/api/v1/session')).json()
    const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf }
    await fetch('/api/v1/users', { method: 'POST', headers, body: JSON.stringify({ name: contact, role: 'view', password: 'a long one for a test 1' }) })
    await fetch(`/api/v1/users/${contact}`, { method: 'DELETE', headers })
  }, name)
}

const rows = (page) => page.locator('.event')

test('the menu leads to the events, newest first', { skip }, () => withPage({}, async (page) => {
  await visit(page, '/')
  await page.locator('.nav .pages').getByRole('link', { name: 'Events' }).click()
  await page.waitForSelector('.event')
  assert.equal(await page.title().then((title) => title.split(' · ')[0].replace(/^\(\d+\) /, '')), 'Events')
  const ids = await rows(page).evaluateAll((all) => all.map((one) => Number(one.dataset.id)))
  assert.deepEqual(ids, [...ids].sort((a, b) => b - a))
  await page.getByLabel('Kind').selectOption('start') // other tests may have filled the first page
  assert.match(await page.locator('.event').filter({ hasText: /busbar .* started/ }).first().innerText(), /start/i)
}))

test('what happens appears by itself', { skip }, () => withPage({}, async (page) => {
  await visit(page, '/events')
  await page.waitForSelector('.event')
  const name = `guest-${Date.now() % 100000}`
  await change(page, name)
  await page.waitForSelector(`.event:has-text("added the user ${name}")`)
  await page.waitForSelector(`.event:has-text("removed the user ${name}")`)
  assert.match(await rows(page).first().innerText(), new RegExp(`removed the user ${name}`))
  await keep(page, 'events-1440-light')
}))

test('filters narrow the list, live in the address, and survive a reload', { skip }, () => withPage({}, async (page) => {
  await visit(page, '/events')
  await page.waitForSelector('.event')
  await page.getByLabel('Kind').selectOption('sign-in')
  await until(async () => (await rows(page).locator('.event-kind').allInnerTexts()).every((kind) => /sign in/i.test(kind)), 'only sign-ins')
  assert.match(page.url(), /kind=sign-in/)
  await page.getByLabel('Containing').fill('administrator')
  await until(() => page.url().includes('text=administrator'), 'the text in the address')
  assert.ok(await rows(page).count() > 0)
  await page.reload()
  await page.waitForSelector('.event')
  assert.equal(await page.getByLabel('Kind').inputValue(), 'sign-in')
  assert.equal(await page.getByLabel('Containing').inputValue(), 'administrator')
  await page.getByLabel('Containing').fill('no such thing anywhere')
  await page.getByText('No event matches.').waitFor()
  await page.getByRole('button', { name: 'Show all' }).click()
  await page.waitForSelector('.event')
  assert.ok(!page.url().includes('?'))
  await page.getByLabel('At least').selectOption('warning')
  await until(async () => (await page.locator('.event.info, .event.notice').count()) === 0, 'only what is worse')
  await page.getByLabel('At least').selectOption('')
  await page.getByLabel('By', { exact: true }).fill('system')
  await until(async () => (await page.locator('.event-actor').count()) === 0, 'only what nobody did')
  assert.ok(await rows(page).count() > 0)
}))

test('older pages follow until nothing older is kept', { skip }, () => withPage({}, async (page) => {
  await visit(page, '/events')
  await page.waitForSelector('.event')
  for (let i = 0; i < 60; i++) await change(page, `many-${i}`)
  const { last } = await ask(page, '/events?limit=1')
  assert.ok(last > 120)
  await visit(page, '/events')
  await page.waitForSelector('.event')
  await until(async () => {
    await page.mouse.wheel(0, 20_000)
    return await page.getByText('Nothing older is kept.').count() > 0
  }, 'the end of the list', 30_000)
  const ids = await rows(page).evaluateAll((all) => all.map((one) => Number(one.dataset.id)))
  assert.equal(new Set(ids).size, ids.length)
  assert.equal(ids[ids.length - 1], 1)
  assert.ok(ids.length > 100)
}))

test('the table of a filter can be saved', { skip }, () => withPage({}, async (page) => {
  await visit(page, '/events?kind=start')
  await page.waitForSelector('.event')
  const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()])
  assert.equal(download.suggestedFilename(), 'events.csv')
  const text = await (await import('node:fs/promises')).readFile(await download.path(), 'utf8')
  const lines = text.trim().split('\r\n')
  assert.equal(lines[0], 'id,time,kind,severity,actor,origin,object,text,detail')
  assert.ok(lines.length > 1 && lines.slice(1).every((line) => line.split(',')[2] === 'start'))
}))

test('who is not signed in sees what the equipment did, not what people did', { skip }, () =>
  withPage({ signedIn: false }, async (page) => {
    await visit(page, '/events')
    await page.waitForSelector('.event')
    assert.ok(await page.locator('.event', { hasText: 'started' }).count() > 0)
    assert.equal(await page.locator('.event', { hasText: 'signed in' }).count(), 0)
    const kinds = await page.getByLabel('Kind').locator('option').allInnerTexts()
    assert.ok(kinds.includes('Contact lost') && !kinds.includes('Signed in'))
  }))

for (const [viewport, width] of [[WIDE, 1440], [PHONE, 390]]) {
  for (const scheme of ['light', 'dark']) {
    test(`events are readable at ${width} px, ${scheme}`, { skip }, () => withPage({ viewport, scheme }, async (page) => {
      await visit(page, '/events')
      await page.waitForSelector('.event')
      await assertFits(page, 'the event log')
      await assertAccessible(page, 'the event log')
      await keep(page, `events-${width}-${scheme}`)
    }))
  }
}
