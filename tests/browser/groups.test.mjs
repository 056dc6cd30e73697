// Groups, interlocks and schedules by forms of their own: made, changed, refused at the field, met, removed.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, change, close, keep, MOCK, open, PHONE, until, visit, WIDE, withPage } from './browser.mjs'

before(open)
after(close)

const press = (page, name) => page.getByRole('button', { name, exact: true }).click()
const box = (page, path) => page.getByRole('checkbox', { name: new RegExp(`^${path},`) })
const record = async (page, collection, name) => (await ask(page, `/${collection}`)).find((one) => one.name === name)
const save = (page, name = 'Save') => page.locator('.record-buttons').getByRole('button', { name, exact: true }).click()

async function remove(page, name) {
  await press(page, `Remove ${name}`)
  await press(page, 'Yes, remove')
  await page.getByText(`${name} was removed.`).waitFor()
}

test('a group is made by ticking, put in order, changed and removed', async (t) => {
  if (MOCK) return t.skip('the mock keeps no groups')
  await withPage({}, async (page) => {
    await visit(page, '/control')
    await page.getByRole('link', { name: 'Groups' }).click()
    await press(page, 'Add a group')
    await page.getByLabel('Name', { exact: true }).fill('Lab bench')
    assert.equal(await page.getByLabel('Short name').inputValue(), 'lab-bench')
    await save(page, 'Add this group')
    await page.getByText('This cannot be empty.').waitFor() // members, told at their field
    await box(page, 'pdu-a/outlet-9').check()
    await box(page, 'pdu-a/outlet-6').check()
    await press(page, 'Move pdu-a/outlet-6 up')
    await page.getByLabel('Time between two members').fill('2 fortnights')
    await page.getByText('Write a number and a unit').waitFor()
    await page.getByLabel('Time between two members').fill('2 s')
    await keep(page, 'group-add-1440')
    await assertAccessible(page, 'the form of a group')
    await save(page, 'Add this group')
    await page.getByText('lab-bench was added.').waitFor()
    const { values } = await record(page, 'groups', 'lab-bench')
    assert.deepEqual([values.label, values.members, values.step], ['Lab bench', 'pdu-a/outlet-6, pdu-a/outlet-9', '2 s'])

    await page.getByRole('link', { name: 'Lab bench' }).click()
    await press(page, 'Take pdu-a/outlet-9 out')
    await page.getByLabel('A path or a pattern').fill('pdu-a/outlet-2*')
    await press(page, 'Add')
    assert.equal(await box(page, 'pdu-a/outlet-21').isChecked(), true, 'what a pattern fits is shown as chosen')
    await save(page)
    await page.getByText('lab-bench was changed').waitFor()
    assert.deepEqual((await record(page, 'groups', 'lab-bench')).outlets.length, 1 + 6)
    await page.getByRole('link', { name: 'Lab bench' }).click()
    await remove(page, 'lab-bench')
    assert.equal(await record(page, 'groups', 'lab-bench'), undefined)
  })
})

test('what the unit refuses stands at its field, and another person’s change is met', async (t) => {
  if (MOCK) return t.skip('the mock keeps no groups')
  await withPage({}, async (page) => {
    await visit(page, '/')
    assert.equal((await change(page, '/groups/met', { label: 'Met', members: 'pdu-a/outlet-6' })).status, 200)
    await visit(page, '/control/groups?r=met')
    await page.getByLabel('A path or a pattern').fill('pdu-x/outlet-1')
    await press(page, 'Add')
    await save(page)
    await page.locator('.picker-set .fault', { hasText: 'pdu-x' }).waitFor()
    await press(page, 'Take pdu-x/outlet-1 out')
    // Another record changed: that is nobody's conflict. Then this one.
    await change(page, '/groups/other', { members: 'pdu-a/outlet-7' })
    await page.getByLabel('Name', { exact: true }).fill('Met by me')
    await save(page)
    await page.getByText('met was changed').waitFor()
    await page.getByRole('link', { name: 'Met by me' }).click()
    await page.getByLabel('Name', { exact: true }).fill('Mine')
    await change(page, '/groups/met', { label: 'Theirs' })
    await save(page)
    await page.getByText('Somebody else changed met meanwhile').waitFor()
    assert.equal((await record(page, 'groups', 'met')).values.label, 'Theirs', 'nobody is run over')
    assert.equal(await page.getByLabel('Name', { exact: true }).inputValue(), 'Mine', 'what was typed is kept')
    await save(page)
    // the sentence of the first change may still be on the page: the unit is asked
    await until(async () => (await record(page, 'groups', 'met')).values.label === 'Mine', 'what was typed is saved')
    for (const name of ['met', 'other']) await change(page, `/groups/${name}`, undefined, 'DELETE')
  })
})

test('a group of the site file is shown with the reason why it cannot be changed', async (t) => {
  if (MOCK) return t.skip('the mock has no site file')
  await withPage({ viewport: PHONE, scheme: 'dark' }, async (page) => {
    await visit(page, '/')
    const fixed = (await ask(page, '/groups')).find((one) => one.fixed)
    await visit(page, '/control/groups')
    await page.locator(`[data-record="${fixed.name}"] a`).click()
    await page.getByText('Fixed in the site file').waitFor()
    assert.equal(await page.locator('.record-form input').count(), 0)
    await assertFits(page, 'a fixed group on a phone')
    await keep(page, 'group-fixed-390-dark')
    await press(page, 'Close')
    await page.locator('.record-list').waitFor()
  })
})

test('an interlock is said in words before it holds, and holds', async (t) => {
  if (MOCK) return t.skip('the mock keeps no interlocks')
  await withPage({}, async (page) => {
    await visit(page, '/control/interlocks')
    await press(page, 'Add an interlock')
    await page.getByLabel('Name', { exact: true }).fill('page-test')
    await page.getByRole('radio', { name: /^Parent first/ }).check()
    await page.getByLabel('Parent', { exact: true }).selectOption('pdu-a/outlet-10')
    await box(page, 'pdu-a/outlet-9').check()
    assert.match(await page.locator('.in-words').textContent(), /on only while .+ is on; .+ goes off after them/)
    await assertAccessible(page, 'the form of an interlock')
    await keep(page, 'interlock-1440')
    await save(page, 'Add this interlock')
    await page.getByText('page-test was added.').waitFor()
    assert.deepEqual((await record(page, 'interlocks', 'page-test')).values, { kind: 'parent-first', members: 'pdu-a/outlet-9', parent: 'pdu-a/outlet-10' })
    // Changed to a kind without a parent: the parent goes with it.
    await page.locator('[data-record="page-test"] a').click()
    await page.getByRole('radio', { name: /^Never both/ }).check()
    await box(page, 'pdu-a/outlet-10').check()
    await save(page)
    await page.getByText('page-test was changed').waitFor()
    assert.equal((await record(page, 'interlocks', 'page-test')).values.parent, '')
    await page.locator('[data-record="page-test"] a').click()
    await remove(page, 'page-test')
  })
})

test('a schedule is drawn into the week while it is typed, and says what it does next', async (t) => {
  if (MOCK) return t.skip('the mock keeps no schedules')
  await withPage({}, async (page) => {
    await visit(page, '/control/schedules')
    await press(page, 'Add a schedule')
    await page.getByLabel('Name', { exact: true }).fill('Office hours')
    await page.getByLabel('What is done').selectOption('on')
    await page.getByLabel('From', { exact: true }).fill('07:30')
    await page.getByLabel('To', { exact: true }).fill('18:00')
    for (const day of ['Sat', 'Sun']) await press(page, day)
    const drawn = page.locator('.week-preview .week-piece')
    assert.equal(await drawn.count(), 5)
    assert.match(await page.locator('.week-preview .in-words').textContent(), /Next as typed: On, (Mon|Tue|Wed|Thu|Fri) 07:30; then Off, \w+ 18:00/)
    await box(page, 'pdu-a/outlet-10').check()
    await page.locator('.chips').getByRole('button', { name: /^Shop/ }).click()
    await assertAccessible(page, 'the form of a schedule')
    await keep(page, 'schedule-add-1440')
    await save(page, 'Add this schedule')
    await page.getByText('office-hours was added.').waitFor()
    const made = await record(page, 'schedules', 'office-hours')
    assert.deepEqual([made.action, made.from_s, made.to_s, made.days, made.targets], ['on', 27000, 64800, [0, 1, 2, 3, 4], ['pdu-a/outlet-10', 'group/web']])
    await page.locator('[data-schedule="office-hours"]', { hasText: 'Next: O' }).waitFor()
    // A reboot has no end.
    await page.getByRole('link', { name: 'Office hours' }).click()
    await page.getByLabel('What is done').selectOption('reboot')
    assert.equal(await page.getByLabel('To', { exact: true }).count(), 0)
    await page.getByLabel('At', { exact: true }).fill('04:15')
    await save(page)
    await page.getByText('office-hours was changed').waitFor()
    assert.deepEqual([(await record(page, 'schedules', 'office-hours')).to_s, (await record(page, 'schedules', 'office-hours')).from_s], [null, 15300])
    await page.getByRole('link', { name: 'Office hours' }).click()
    await remove(page, 'office-hours')
  })
  for (const options of [{ viewport: PHONE }, { viewport: WIDE, scheme: 'dark' }]) {
    await withPage(options, async (page) => {
      await visit(page, '/control/schedules?r=')
      await page.locator('.week-preview').waitFor()
      await assertFits(page, 'the form of a schedule')
      await keep(page, `schedule-${options.viewport.width}${options.scheme ? '-dark' : ''}`)
    })
  }
})

test('who only looks sees the records and nothing to change', async (t) => {
  if (MOCK) return t.skip('the mock wants signing in')
  await withPage({ signedIn: false }, async (page) => {
    for (const section of ['groups', 'interlocks', 'schedules']) {
      await visit(page, `/control/${section}?r=`)
      await page.locator('.records').waitFor()
      assert.equal(await page.getByRole('button', { name: /^Add/ }).count(), 0)
      assert.equal(await page.locator('.record-form').count(), 0)
    }
  })
})
