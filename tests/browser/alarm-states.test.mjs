// Every state of an alarm with its shape, colour and word, on every page that shows it; what no real unit is in all at once.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { assertAccessible, assertFits, close, control, keep, MOCK, open, PHONE, visit, WIDE, withPage } from './browser.mjs'

before(open)
// A run before this one, of the same file, may have cleared what this one looks for.
before(() => (MOCK ? control('alarms-anew') : undefined))
after(close)

const row = (page, id) => page.locator(`.alarm-row[data-alarm="${id}"]`)

for (const [name, options] of [['1440-dark', { viewport: WIDE, scheme: 'dark' }], ['390', { viewport: PHONE }]]) {
  test(`all states are told apart without colour (${name})`, async (t) => {
    if (!MOCK) return t.skip('the mock has one alarm of each state')
    await withPage(options, async (page) => {
      await visit(page, '/alarms?show=all')
      const shapes = new Set()
      for (const [id, word] of [[1, 'tripped'], [2, 'acknowledged'], [4, 'lost'], [5, 'pending'], [8, 'normal']]) {
        assert.equal(await row(page, id).locator('.alarm-word').textContent(), word)
        shapes.add(await row(page, id).locator('.alarm-shape').innerHTML())
      }
      assert.equal(shapes.size, 5, 'each state has a shape of its own')
      await assertFits(page, 'the alarms')
      await assertAccessible(page, `the alarms (${name})`)
      await keep(page, `alarm-states-${name}`)
      await visit(page, '/')
      await page.locator('.problems .alarm-row').first().waitFor()
      await assertFits(page, 'the overview with alarms')
      await assertAccessible(page, `the overview with alarms (${name})`)
      await keep(page, `overview-alarms-${name}`)
    })
  })
}

test('in order of harm, silent ones apart, and the head says how many', async (t) => {
  if (!MOCK) return t.skip('the mock has one alarm of each state')
  await withPage({}, async (page) => {
    await visit(page, '/alarms')
    await row(page, 1).waitFor()
    const order = await page.locator('.alarm-row').evaluateAll((all) => all.map((one) => Number(one.dataset.alarm)))
    assert.deepEqual(order, [1, 3, 6, 2, 4, 5, 7])
    assert.equal(await page.locator('.alarm-count').getAttribute('data-count'), '4', 'three tripped and one acknowledged')
    assert.match(await page.title(), /^\(4\) Alarms/)
    assert.match(await row(page, 1).locator('.against').textContent(), /17\.2\u202fA against 16\u202fA/)
    assert.match(await row(page, 7).textContent(), /shelved by night-shift until/)
    // By severity and by device.
    await page.getByLabel('Severity', { exact: true }).selectOption('critical')
    assert.equal(await page.locator('.alarm-row').count(), 2)
    await page.getByLabel('Severity', { exact: true }).selectOption('')
    await page.getByLabel('Device', { exact: true }).selectOption('meter-6')
    assert.equal(await page.locator('.alarm-row').count(), 1)
  })
})

test('an alarm that comes is on every page at once, and goes again', async (t) => {
  if (!MOCK) return t.skip('the mock trips when it is told to')
  await withPage({}, async (page) => {
    await visit(page, '/device/pdu-a')
    const figure = page.locator('tr', { hasText: 'Cold aisle: temperature' }).locator('.alarm-shape')
    await page.locator('.alarm-row').first().waitFor()
    assert.equal(await figure.count(), 0)
    await control('trip')
    await row(page, 8).waitFor()
    await figure.waitFor()
    assert.equal(await page.locator('.alarm-count').getAttribute('data-count'), '5')
    await control('trip')
    await row(page, 8).waitFor({ state: 'detached' })
    assert.equal(await figure.count(), 0)
  })
})

test('a thousand alarms: the worst first, the others a hundred at a time, and none is lost in the counts', async (t) => {
  if (!MOCK) return t.skip('the mock has a storm')
  await withPage({ viewport: PHONE }, async (page) => {
    await control('storm')
    try {
      await visit(page, '/device/pdu-a')
      await page.getByRole('link', { name: /^and 9\d\d alarms more$/ }).waitFor()
      assert.equal(await page.locator('.alarm-row').count(), 4)
      await visit(page, '/')
      await page.getByRole('link', { name: /^and 1.0\d\d more$/ }).click()
      await page.locator('.alarm-row').nth(99).waitFor()
      assert.equal(await page.locator('.alarm-section').first().locator('.alarm-row').count(), 100)
      await page.getByRole('button', { name: 'Show more' }).click()
      await page.locator('.alarm-row').nth(199).waitFor()
      await page.getByLabel('Show', { exact: true }).selectOption('all')
      await page.getByRole('button', { name: 'Show more' }).click()
      await page.locator('.alarm-row').nth(199).waitFor()
      await assertFits(page, 'a storm of alarms')
    } finally {
      await control('storm')
    }
  })
})

test('what has recovered is cleared by a person, and all are acknowledged with one press that asks', async (t) => {
  if (!MOCK) return t.skip('the mock has one alarm of each state')
  await withPage({}, async (page) => {
    await visit(page, '/alarms')
    await row(page, 6).getByRole('button', { name: /^Clear/ }).click()
    await page.locator('.alarm-ask').getByRole('button', { name: 'Clear', exact: true }).click()
    await row(page, 6).waitFor({ state: 'detached' })
    await page.getByRole('button', { name: 'Acknowledge all 2' }).click()
    assert.match(await row(page, 1).getAttribute('class'), /tripped/, 'not before it is confirmed')
    await page.getByRole('button', { name: 'Yes, all' }).click()
    await page.getByText('2 alarms acknowledged.').waitFor()
    for (const id of [1, 3]) assert.match(await row(page, id).textContent(), /acknowledged by administrator/)
    assert.match(await page.locator('.alarm-count').getAttribute('class'), /seen/)
  })
})

test('a test that fails shows what was said, and the queue says why it waits', async (t) => {
  if (!MOCK) return t.skip('the mock has a server that refuses')
  await withPage({ viewport: PHONE }, async (page) => {
    await visit(page, '/alarms/recipients')
    // recipients and their queue are two answers; either may come first
    await page.locator('[data-record="night-desk"]', { hasText: /3 notices wait.*tried again in.*does not answer/s }).waitFor()
    await page.getByRole('button', { name: 'Test night-desk' }).click()
    await page.locator('.dialogue', { hasText: 'Not delivered. The server refused the recipient.' }).waitFor()
    assert.match(await page.locator('.dialogue pre').textContent(), /RCPT TO.*\n< 550 5\.1\.1/)
    await assertFits(page, 'a test on a phone')
    await assertAccessible(page, 'a test that failed')
    await keep(page, 'recipient-test-390')
  })
})
