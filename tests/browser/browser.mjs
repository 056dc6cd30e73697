// What every page test needs: a browser, somebody signed in, screenshots kept, and no silent complaint of the browser.
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

export const BASE = process.env.BUSBAR_URL ?? 'http://127.0.0.1:8090'
export const USER = process.env.BUSBAR_USER ?? 'administrator'
export const PASSWORD = process.env.BUSBAR_PASSWORD ?? 'correct horse battery'
/** Some things can be provoked only where the test is also the unit. */
export const MOCK = process.env.BUSBAR_MOCK === '1'
const ARTEFACTS = process.env.BUSBAR_ARTEFACTS ?? fileURLToPath(new URL('build/artefacts/', import.meta.url))

export const WIDE = { width: 1440, height: 900 }
export const PHONE = { width: 390, height: 844 }

let browser

export async function open() {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'],
  })
  mkdirSync(ARTEFACTS, { recursive: true })
}

export async function close() {
  await browser?.close()
}

/** Refusals that a test provokes are printed by the browser too; they are answers, not faults of the page. */
const EXPECTED = /Failed to load resource: the server responded with a status of (?:401|403|404|409|412|422|429)/

function listen(page, complaints, options) {
  page.on('pageerror', (error) => complaints.push(`script: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() !== 'error' || EXPECTED.test(message.text())) return
    if (options.offline && /ERR_|Failed to load resource/.test(message.text())) return
    complaints.push(`console: ${message.text()}`)
  })
}

async function watchPolicy(page, complaints) {
  await page.exposeFunction('busbarPolicyBroken', (text) => complaints.push(`policy: ${text}`))
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      window.busbarPolicyBroken(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}:${event.lineNumber}`)
    })
  })
}

/**
 * A page of its own for one test; what the browser complained about fails it at the end.
 * Options: viewport, scheme (light, dark), signedIn (default true), offline (contact breaks on purpose), motion.
 */
export async function withPage(options, work) {
  const { viewport = WIDE, scheme = 'light', signedIn = true, motion = 'no-preference', zoom = 1 } = options
  const context = await browser.newContext({
    viewport, colorScheme: scheme, reducedMotion: motion, deviceScaleFactor: zoom, ignoreHTTPSErrors: true, acceptDownloads: true,
  })
  context.on('page', count)
  const complaints = []
  try {
    const page = await context.newPage()
    page.setDefaultTimeout(10_000)
    listen(page, complaints, options)
    await watchPolicy(page, complaints)
    if (signedIn) await signIn(page)
    await work(page, context)
    assert.deepEqual(complaints, [], 'the browser complained')
  } finally {
    await context.close()
  }
}

export async function signIn(page, user = USER, password = PASSWORD) {
  await page.goto(`${BASE}/sign-in`)
  await page.fill('#user', user)
  await page.locator('input[autocomplete="current-password"]').fill(password)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForSelector('[data-page]:not([data-page="sign-in"])')
}

/** Opens a page and waits until it has its say: the heading is there and every question to the API has its answer. */
export async function visit(page, path) {
  await page.goto(BASE + path)
  await page.waitForSelector('main h1')
  await settled(page)
}

const asked = new WeakMap()

/** Counts what a page asks and has no answer to; a stream of events never ends and does not count. */
function count(page) {
  const open = new Set()
  asked.set(page, open)
  page.on('request', (request) => { if (request.resourceType() === 'fetch') open.add(request) })
  page.on('requestfinished', (request) => open.delete(request))
  page.on('requestfailed', (request) => open.delete(request))
}

/** Nothing is asked any more, and what was answered is drawn: quiet over a few frames, since an answer may lead to a question. */
export async function settled(page, limit = 5_000) {
  const open = asked.get(page)
  const end = Date.now() + limit
  for (let quiet = 0; quiet < 3 && Date.now() < end;) {
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve, 10))))
    quiet = open.size ? 0 : quiet + 1
  }
}

export async function keep(page, name, options = {}) {
  await page.screenshot({ path: join(ARTEFACTS, `${name}.png`), ...options })
}

/** Reads the API as the page does. */
export function ask(page, path) {
  return page.evaluate(async (address) => (await fetch(address)).json(), `/api/v1${path}`)
}

/** Changes something as another client of the same person would; answers status and body. */
export function change(page, path, body, method = 'PUT') {
  return page.evaluate(async ([address, values, verb]) => {
    const { csrf } = await (await fetch('/api/v1/session')).json()
    const answer = await fetch(`/api/v1${address}`, {
      method: verb, headers: { 'Content-Type': 'application/json', 'X-CSRF-Token': csrf }, body: values === undefined ? undefined : JSON.stringify(values),
    })
    return { status: answer.status, body: await answer.json().catch(() => null) }
  }, [path, body, method])
}

export async function control(action) {
  await fetch(`${BASE}/mock/${action}`, { method: 'POST' })
}

/** Nothing sticks out of the page to the side. */
export async function assertFits(page, where) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
  assert.ok(over <= 0, `${where} is ${over} px wider than the screen`)
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** `rules`: these alone, where the same document was looked at in another dress. */
export async function assertAccessible(page, where, rules = null) {
  // Evaluated through the debugger: the page's own policy rightly refuses a foreign script.
  await page.evaluate(axe)
  const found = await page.evaluate(async ([tags, only]) => {
    const { violations } = await window.axe.run(document, { runOnly: only ? { type: 'rule', values: only } : { type: 'tag', values: tags } })
    return violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.length}×, ${nodes.slice(0, 3).map((node) => `${node.target.join(' ')} ${node.any[0]?.message ?? ''}`).join('; ')})`)
  }, [TAGS, rules])
  assert.deepEqual(found, [], where)
}

export async function until(check, what, limit = 10_000) {
  const end = Date.now() + limit
  for (;;) {
    if (await check()) return
    assert.ok(Date.now() < end, `waited in vain: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
