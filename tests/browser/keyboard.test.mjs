// Everything by keyboard alone, with the focus always visible.
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ask, close, keep, open, PASSWORD, until, USER, visit, withPage, BASE } from './browser.mjs'

before(open)
after(close)

const focused = (page) => page.evaluate(() => {
  const at = document.activeElement
  const style = getComputedStyle(at)
  return { tag: at.tagName, id: at.id, text: at.innerText?.slice(0, 40) ?? '', href: at.getAttribute('href'), outline: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0 }
})

test('the first key goes to the skip link, and it skips', () => withPage({}, async (page) => {
  await visit(page, '/')
  await page.keyboard.press('Tab')
  assert.match((await focused(page)).text, /Skip to content/)
  await page.keyboard.press('Enter')
  assert.equal((await focused(page)).id, 'page')
}))

test('signing in needs no mouse', () => withPage({ signedIn: false }, async (page) => {
  await page.goto(`${BASE}/sign-in`)
  await page.waitForSelector('#user')
  await until(async () => (await focused(page)).id === 'user', 'the focus in the first field')
  await page.keyboard.type(USER)
  await page.keyboard.press('Tab')
  await page.keyboard.type(PASSWORD)
  await page.keyboard.press('Enter')
  await page.waitForSelector('.overview')
}))

test('a walk through every page shows where one is', () => withPage({}, async (page) => {
  for (const path of ['/', '/graph', '/diagnostics', '/settings']) {
    await visit(page, path)
    await page.waitForTimeout(600)
    const seen = new Set()
    for (let step = 0; step < 60; step++) {
      await page.keyboard.press('Tab')
      const at = await focused(page)
      if (at.tag === 'BODY') break
      assert.ok(at.outline, `${path}: nothing shows the focus on ${at.tag} ${at.text || at.href || at.id}`)
      seen.add(`${at.tag} ${at.href ?? at.text}`)
    }
    assert.ok(seen.size > 6, `${path}: ${seen.size} places`)
  }
}))

test('slash searches, arrows choose, Enter opens, Escape closes', () => withPage({}, async (page) => {
  await visit(page, '/')
  const { devices } = await ask(page, '/site')
  await page.keyboard.press('/')
  await page.waitForSelector('dialog.search[open]')
  await page.keyboard.type(devices[0].name)
  await until(async () => (await page.locator('#hits li').count()) > 0, 'hits')
  await keep(page, 'search')
  await page.keyboard.press('Escape')
  await page.waitForSelector('dialog.search', { state: 'detached' })
  await page.keyboard.press('/')
  await page.keyboard.type(devices[0].name)
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('ArrowUp')
  await page.keyboard.press('Enter')
  await page.waitForSelector('[data-page="device"]')
  assert.match(page.url(), new RegExp(`/device/${devices[0].name}$`))
  await until(async () => (await focused(page)).id === 'page', 'the focus on the new page')
}))

test('a point is added to a graph by keyboard', () => withPage({}, async (page) => {
  await visit(page, '/graph')
  await page.getByRole('combobox').focus()
  await page.keyboard.type('real power')
  await page.locator('.picker-list li').nth(1).waitFor()
  await page.keyboard.press('ArrowDown')
  await page.keyboard.press('Enter')
  await until(() => page.url().includes('?p='), 'the point in the address')
}))
