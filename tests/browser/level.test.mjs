// The level of an output (PWM): chosen with a slider or typed, told before it is done, read back.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, close, keep, MOCK, open, PHONE, until, visit, WIDE, withPage } from './browser.mjs'

before(open)
after(close)

const FAN = 'dc-1/output-2'

for (const [name, options] of [['1440', { viewport: WIDE }], ['390-dark', { viewport: PHONE, scheme: 'dark' }]]) {
  test(`a level is set and read back (${name})`, async (t) => {
    if (!MOCK) return t.skip('no simulated board has a level; the mock has one')
    await withPage(options, async (page) => {
      await visit(page, '/control')
      await page.locator(`.tile[data-path="pdu-a/outlet-3"] input`).check()
      assert.equal(await page.getByRole('button', { name: 'Set level' }).count(), 0, 'an outlet has no level')
      await page.getByRole('button', { name: 'Clear selection' }).click()
      await page.locator(`.tile[data-path="${FAN}"] input`).check()
      await page.getByRole('button', { name: 'Set level' }).click()
      const before = (await ask(page, '/points?device=dc-1')).find((one) => one.path === `${FAN}/level`).value
      assert.equal(await page.getByLabel('Level, slider').inputValue(), String(before), 'it begins at what is')
      const wanted = before === 60 ? 40 : 60
      await page.getByLabel('Level', { exact: true }).fill(String(wanted))
      assert.equal(await page.getByLabel('Level, slider').inputValue(), String(wanted))
      await page.locator('.plan-what', { hasText: `→ ${wanted}` }).waitFor()
      await assertFits(page, 'setting a level')
      await assertAccessible(page, 'setting a level')
      await keep(page, `level-${name}`)
      await page.getByRole('button', { name: new RegExp(`^Set to ${wanted}.*: 1 outlet$`) }).click()
      await until(async () => (await ask(page, '/points?device=dc-1')).find((one) => one.path === `${FAN}/level`).value === wanted, 'the level is read back')
      await page.waitForSelector('.command.done')
    })
  })
}
