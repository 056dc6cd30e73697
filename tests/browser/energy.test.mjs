// Energy: a period against the one before, what was not read, the calendar of a year, groups and tariffs.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, close, keep, MOCK, open, PHONE, until, visit, WIDE, withPage } from './browser.mjs'

before(open)
after(close)

const press = (page, name) => page.getByRole('button', { name, exact: true }).click()
const rows = (page) => page.locator('.energy-rows tbody tr')
const search = (page) => new URL(page.url()).searchParams
/** A day so many days ago, by the clock of the unit's zone. */
const dayAgo = (days) => new Intl.DateTimeFormat('sv-SE', { timeZone: 'Europe/Berlin' }).format(Date.now() - days * 864e5)

/** What the unit itself says; null where it records nothing. */
async function energyOf(page, query) {
  const answer = await ask(page, `/energy${query}`)
  return answer.rows ? answer : null
}

test('each period, each grouping, in the address; back goes back', async (t) => {
  await withPage({}, async (page) => {
    await visit(page, '/energy')
    if (!(await energyOf(page, ''))?.rows.length) return t.skip('this unit counts nothing')
    await rows(page).first().waitFor()
    for (const [name, period] of [['Week', 'week'], ['Month', 'month'], ['Year', 'year']]) {
      await press(page, name)
      await until(() => search(page).get('period') === period, `${period} in the address`)
    }
    const { rows: known, steps } = await energyOf(page, '?period=year')
    await until(async () => (await page.locator('.bars li').count()) === steps.length, 'a bar for each month')
    assert.equal(steps.length, 12)
    assert.deepEqual((await rows(page).evaluateAll((all) => all.map((one) => one.dataset.row))).sort(), known.map(({ id }) => id).sort())
    await press(page, 'Media')
    await until(async () => (await rows(page).first().getAttribute('data-row')) === known[0].medium, 'the media')
    await press(page, 'Earlier')
    await until(() => search(page).get('at') !== null, 'the year before in the address')
    await page.getByRole('button', { name: 'This year' }).click()
    await until(() => search(page).get('at') === null, 'this year again')
    await page.goBack()
    await page.getByRole('button', { name: 'This year' }).waitFor()
  })
})

test('a meter’s bars, a bar’s day, and the file of both', async (t) => {
  if (!MOCK) return t.skip('a unit that began just now has no month to open')
  await withPage({}, async (page) => {
    await visit(page, `/energy?period=month&at=${dayAgo(40)}`)
    await page.getByRole('link', { name: 'Bars of Rack feed' }).click()
    await page.getByRole('region', { name: 'Used by Rack feed' }).waitFor()
    const { steps, rows: known } = await energyOf(page, `?period=month&at=${dayAgo(40)}`)
    const at = known.findIndex(({ id }) => id === 'meter-2')
    const bar = page.locator('.bars .slot').nth(4)
    await bar.waitFor()
    const words = await bar.getAttribute('aria-label')
    assert.ok(words.replaceAll('\u202f', '').includes(`: ${steps[4].used[at].toFixed(1)}kWh`), words)
    // By keyboard: one stop, arrows walk, the words come with the focus, Enter opens.
    await page.locator('.bars .slot').first().focus()
    await page.keyboard.press('ArrowRight')
    await page.locator('#why:not([hidden])', { hasText: /^\w{3} 2 / }).waitFor()
    await page.keyboard.press('Enter')
    await until(() => search(page).get('at')?.endsWith('-02') && search(page).get('period') === null, 'the 2nd of the month')
    assert.equal(search(page).get('of'), 'meter-2')
    await until(async () => (await page.locator('.bars li').count()) >= 23, 'hours')
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()])
    const lines = readFileSync(await download.path(), 'utf8').trim().split('\r\n')
    assert.ok(lines.length >= 24 && lines[0].includes('meter-2 [kWh]'), lines[0])
    await page.getByText('The bars as a table').click()
    assert.equal(await page.locator('.alternative tbody tr').count(), await page.locator('.bars li').count())
  })
})

test('what was not read is said, hatched and not compared, never zero', async (t) => {
  if (!MOCK) return t.skip('the mock was silent for three days on purpose')
  await withPage({}, async (page) => {
    await visit(page, `/energy?at=${dayAgo(17.5)}&of=meter-6`)
    const row = page.locator('[data-row="meter-6"]')
    await row.getByText('not read').first().waitFor()
    assert.equal(await page.locator('.bars .bar-missing').count(), await page.locator('.bars li').count(), 'hatched through the day')
    assert.equal(await page.locator('.bars .bar-used').count(), 0)
    assert.match(await page.locator('.bars .slot').first().getAttribute('aria-label'), /not read/)
    assert.equal(await row.locator('.change').count(), 0, 'a gap is no saving')
    // Others went on; the month says how much of it is missing.
    assert.match(await page.locator('[data-row="meter-1"] td').nth(1).textContent(), /\d/)
    await visit(page, '/energy?period=year&of=meter-5')
    await page.locator('[data-row="meter-5"] .covered', { hasText: /% not read/ }).waitFor()
    await keep(page, 'energy-gaps-1440')
  })
})

test('a year as a calendar, walked by keys, with a table for those who see no shades', async (t) => {
  if (!MOCK) return t.skip('a unit that began just now has no year')
  const year = Number(dayAgo(0).slice(0, 4)) - 1
  await withPage({}, async (page) => {
    await visit(page, `/energy/calendar?of=meter-1&year=${year}`)
    const day = (date) => page.locator(`[data-date="${date}"]`)
    await day(`${year}-12-31`).waitFor()
    assert.equal(await page.locator('.months a[tabindex="0"]').count(), 1, 'one stop for the Tab key')
    await day(`${year}-12-31`).focus()
    await page.keyboard.press('ArrowUp')
    await until(() => day(`${year}-12-24`).evaluate((one) => one === document.activeElement), 'a week back')
    await page.keyboard.press('ArrowLeft')
    await page.locator('#why:not([hidden])', { hasText: `23 Dec ${year}: ` }).waitFor()
    assert.match(await page.locator('#why').textContent(), /\d+(\.\d+)?\u202fkWh, .+€$/)
    await page.keyboard.press('End')
    await page.keyboard.press('PageUp')
    await until(() => day(`${year}-12-03`).evaluate((one) => one === document.activeElement), 'four weeks back')
    // Months are alike: two are enough to examine.
    await page.locator('.month').evaluateAll((all) => all.slice(0, 10).forEach((one) => { one.hidden = true }))
    await assertAccessible(page, 'the calendar')
    await page.getByText('The days as a table').click()
    const { days } = await ask(page, `/energy/calendar?of=meter-1&year=${year}`)
    assert.equal(await page.locator('.alternative tbody tr').count(), days.length)
    await day(`${year}-12-03`).click()
    await until(() => search(page).get('at') === `${year}-12-03` && search(page).get('of') === 'meter-1', 'the day')
    // Another meter, another year.
    await visit(page, '/energy/calendar')
    await page.getByLabel('Of', { exact: true }).selectOption('it')
    await page.getByRole('button', { name: `Year ${year}`, exact: true }).click()
    await page.getByRole('region', { name: `IT, ${year}` }).waitFor()
    assert.deepEqual([search(page).get('of'), search(page).get('year')], ['it', String(year)])
  })
})

async function remove(page) {
  await page.getByRole('link', { name: 'Page test' }).click()
  await press(page, 'Remove page-test')
  await press(page, 'Yes, remove')
  await page.getByText('page-test was removed.').waitFor()
}

const save = (page, name = 'Save') => page.locator('.record-buttons').getByRole('button', { name, exact: true }).click()

test('a group is put together of meters, one taken off; a tariff says what it costs', async (t) => {
  await withPage({}, async (page) => {
    await visit(page, '/energy/groups')
    const meters = ((await energyOf(page, ''))?.rows ?? []).filter(({ medium }) => medium === 'electricity')
    if (meters.length < 2) return t.skip('this unit has too few meters')
    await press(page, 'Add an energy group')
    await page.getByLabel('Name', { exact: true }).fill('Page test')
    await page.getByLabel(`How ${meters[0].id} counts`).selectOption('counted')
    await page.getByLabel(`How ${meters[1].id} counts`).selectOption('taken off')
    await keep(page, 'energy-group-1440')
    await save(page, 'Add this energy group')
    await page.getByText('page-test was added.').waitFor()
    const made = (await ask(page, '/energy-groups')).find(({ name }) => name === 'page-test')
    assert.equal(made.values.members, `${meters[0].id}, -${meters[1].id}`)
    await page.locator('[data-record="page-test"]').getByText(/, without /).waitFor()
    await remove(page)
    assert.equal((await ask(page, '/energy-groups')).find(({ name }) => name === 'page-test'), undefined)

    await page.getByRole('link', { name: 'Tariffs' }).click()
    await press(page, 'Add a tariff')
    await page.getByLabel('Name', { exact: true }).fill('Page test')
    await page.getByLabel('Price', { exact: true }).fill('much')
    await page.getByText('This must be a number.').waitFor()
    await page.getByLabel('Price', { exact: true }).fill('0.325')
    await page.getByLabel('Currency', { exact: true }).fill('EUR')
    await page.getByLabel('Other prices at certain hours').fill('mon-fri 22:00-06:00 0.21')
    await page.getByLabel('Standing charge').fill('9.5')
    await page.getByLabel('CO₂', { exact: true }).fill('0.38')
    await page.getByLabel('From day on').fill('2026-01-01')
    await keep(page, 'tariff-1440')
    await save(page, 'Add this tariff')
    await page.getByText('page-test was added.').waitFor()
    const { values } = (await ask(page, '/tariffs')).find(({ name }) => name === 'page-test')
    assert.deepEqual([values.price, values.windows, values.standing, values.co2].map(String), ['0.325', 'mon-fri 22:00-06:00 0.21', '9.5', '0.38'])
    await page.locator('[data-record="page-test"]', { hasText: '0.325\u202f€ per kWh' }).waitFor()
    await remove(page)
    if (!MOCK) return
    await page.getByRole('link', { name: 'Waterworks' }).click()
    await page.getByText('Fixed in the site file').waitFor()
    assert.equal(await page.locator('.record-form input').count(), 0)
  })
})

const demandRow = (page, id) => page.locator(`[data-demand="${id}"]`)

test('demand: the window under way, the peak and when it was, its history as picture, table and file', async (t) => {
  if (!MOCK) return t.skip('a unit that began just now has no whole window')
  await withPage({}, async (page) => {
    await visit(page, '/energy')
    await page.getByRole('link', { name: 'Demand', exact: true }).click()
    const known = await ask(page, '/energy/demand')
    const averages = known.filter(({ kind }) => kind !== 'extremes')
    for (const { kind, source } of known) await demandRow(page, `${kind}:${source}`).waitFor()
    const chosen = averages.find(({ point }) => point)
    await demandRow(page, `${chosen.kind}:${chosen.source}`).getByRole('link').click()
    await until(() => search(page).get('of') === `${chosen.kind}:${chosen.source}`, 'the choice in the address')
    await press(page, '7 d')
    await until(() => search(page).get('days') === '7', 'the span in the address')
    const csv = new URL(await page.locator('.demand-history a[download]').getAttribute('href'), page.url())
    assert.deepEqual([csv.searchParams.get('path'), csv.searchParams.get('step')], [chosen.point, String(chosen.window_s)])
    const [, , blind] = averages
    const cell = (id, name) => demandRow(page, id).locator(`[data-label="${name}"]`)
    const incomer = 'block:meter-1/total/real-power'
    const { peak, running, window_s } = averages[0]
    assert.equal(window_s, 900)
    await cell(incomer, 'Window').filter({ hasText: /^15.min block$/ }).waitFor()
    // In kW, as the unit says it to 10 W; the one under way moves on between two looks.
    assert.match(await cell(incomer, 'Peak').textContent(), new RegExp(`^${(peak / 1000).toFixed(2)}kW(\\d{4}-\\d\\d-\\d\\d )?\\d\\d:(00|15|30|45)$`))
    assert.ok(Math.abs(parseFloat(await cell(incomer, 'Under way').textContent()) * 1000 - running) < 300)
    await cell(incomer, 'Under way').getByText(/^ends \d\d:(00|15|30|45)$/).waitFor()
    await cell('sliding:meter-2/total/real-power', 'Under way').getByText(/^next \d\d:\d[02468]$/).waitFor()
    for (const name of ['Under way', 'Last whole one']) assert.equal((await cell(`${blind.kind}:${blind.source}`, name).locator('.absent').textContent()), 'not known', name)
    await page.locator('.demand-picture path.line').waitFor({ state: 'attached' })
    await page.getByText('The highest of each day').click()
    await until(async () => (await page.locator('.demand-history tbody tr').count()) === 8, 'seven days and the one that has begun')
    const [download] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'CSV' }).click()])
    assert.match(readFileSync(await download.path(), 'utf8').split('\r\n')[0], /real-power-demand \[W\] max/)
    await assertAccessible(page, 'demand')
    await keep(page, 'demand-1440', { fullPage: true })
    await page.setViewportSize(PHONE)
    await assertFits(page, 'demand on a phone')
  })
})

test('peaks and extremes begin anew when an administrator says so twice', async (t) => {
  if (MOCK) return t.skip('the demo keeps them, too')
  await withPage({}, async (page) => {
    await visit(page, '/energy/demand')
    const watched = (await ask(page, '/energy/demand')).find(({ kind, peak }) => kind === 'extremes' && peak !== null)
    if (!watched) return t.skip('nothing has been read yet')
    const row = demandRow(page, `extremes:${watched.source}`)
    const button = row.getByRole('button', { name: /^Let peaks and extremes of .* begin anew$/ })
    await button.click()
    await until(() => page.getByRole('button', { name: 'Cancel' }).evaluate((one) => one === document.activeElement), 'the harmless answer has the keyboard')
    await page.keyboard.press('Enter')
    await until(() => button.evaluate((one) => one === document.activeElement), 'back at the button')
    assert.equal((await ask(page, '/energy/demand')).find(({ source, kind }) => source === watched.source && kind === 'extremes').since, watched.since)
    await button.click()
    await press(page, 'Yes, begin anew')
    await page.getByText(/^Peaks and extremes of .* begin anew\.$/).waitFor()
    await until(async () => (await ask(page, '/energy/demand')).find(({ source, kind }) => source === watched.source && kind === 'extremes').since > watched.since, 'it began anew')
  })
  await withPage({ signedIn: false }, async (page) => {
    await visit(page, '/energy/demand')
    await page.locator('[data-demand]').first().waitFor()
    assert.equal(await page.getByRole('button', { name: /begin anew/ }).count(), 0, 'who only looks has nothing to press')
  })
})

test('accessible, light, wide', async (t) => {
  if (!MOCK) return t.skip('the mock has a year and more to show')
  await withPage({ viewport: WIDE }, async (page) => {
    await visit(page, '/energy?period=month')
    await rows(page).first().waitFor()
    await page.locator('details.alternative').evaluateAll((all) => all.forEach((one) => { one.open = true }))
    await assertAccessible(page, 'what was used in a month')
    await keep(page, 'energy-1440', { fullPage: true })
    await visit(page, '/energy/tariffs?r=')
    await page.locator('.record-form').waitFor()
    await assertAccessible(page, 'the form of a tariff')
  })
})

test('accessible, dark, on a phone, where the other pages stand behind More', async (t) => {
  if (!MOCK) return t.skip('the mock has a year and more to show')
  await withPage({ viewport: PHONE, scheme: 'dark' }, async (page) => {
    for (const path of ['/energy?period=year', '/energy/calendar', '/energy/tariffs', '/energy/groups?r=']) {
      await visit(page, path)
      await page.locator('.energy .panel:visible').first().waitFor()
      await page.locator('details.alternative').evaluateAll((all) => all.forEach((one) => { one.open = true }))
      await assertFits(page, path)
      if (path.includes('?')) await assertAccessible(page, `${path} on a phone`)
      await page.locator('details.alternative').evaluateAll((all) => all.forEach((one) => { one.open = false }))
      await keep(page, `${path.replace(/\W+/g, '-').slice(1)}-390-dark`, { fullPage: true })
    }
    const later = page.locator('.nav .pages').getByRole('link', { name: 'Meters' })
    assert.equal(await later.isVisible(), false)
    await press(page, 'More')
    await later.waitFor()
    await assertFits(page, 'the menu of a phone')
    await keep(page, 'menu-390-dark')
    await later.click()
    await page.waitForSelector('[data-page="meters"]')
    await later.waitFor({ state: 'hidden' })
  })
})
