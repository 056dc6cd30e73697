// Alarms as a person meets them: a rule is made, trips, is acknowledged and shelved; who is told is set up and tried.
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { createServer as createMailServer } from 'node:net'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, change, close, keep, MOCK, open, PHONE, until, visit, WIDE, withPage } from './browser.mjs'

before(open)
after(close)

const POINT = 'pdu-a/phase-a/voltage'
const RULE = 'page-test'
const press = (page, name) => page.getByRole('button', { name, exact: true }).click()
const row = (page, path = POINT) => page.locator(`.alarm-row[data-path="${path}"]`)
const alarm = async (page) => (await ask(page, `/alarms?rule=${RULE}`)).alarms[0]
const save = (page, name = 'Save') => page.locator('.record-buttons').getByRole('button', { name, exact: true }).click()

/** A rule that trips at once and for as long as it is there. */
async function trips(page, more = {}) {
  const { status } = await change(page, `/alarm-rules/${RULE}`, { label: 'Page test', points: POINT, when: 'over', limit: '1', ...more })
  assert.equal(status, 200)
  await until(async () => (await alarm(page))?.state === 'tripped', 'the alarm trips')
}

const gone = (page) => change(page, `/alarm-rules/${RULE}`, undefined, 'DELETE')

test('a rule is typed, shows how often it would have fired, and trips', async (t) => {
  if (MOCK) return t.skip('the mock judges nothing')
  await withPage({}, async (page) => {
    await visit(page, '/alarms/rules')
    await press(page, 'Add a rule')
    await page.getByLabel('Begin with a usual one').selectOption('hot')
    assert.equal(await page.getByLabel('Short name').inputValue(), 'too-hot')
    assert.match(await page.locator('.pick-chosen').textContent(), /\*\/sensor-\*\/temperature \d+ points/)
    await press(page, 'Take */sensor-*/temperature out')
    await page.getByLabel('Name', { exact: true }).fill('Page test')
    assert.equal(await page.getByLabel('Short name').inputValue(), RULE)
    await page.locator('#f-points').fill('pdu-a/phase-a voltage')
    await page.locator('.picker-list li', { hasText: POINT }).first().click()
    const limit = page.getByLabel('Limit (V)')
    await limit.fill('much')
    await save(page, 'Add this rule')
    await page.locator('.field', { has: page.locator('#f-limit') }).locator('.fault', { hasText: 'must be a number' }).waitFor()
    await limit.fill('1')
    await page.getByLabel('Recovered at').fill('0.5')
    await page.getByLabel('For so long', { exact: true }).fill('0 s')
    assert.match(await page.locator('.in-words').textContent(), /alarm when the reading is over 1\u202fV; over when back at 0.5\u202fV/i)
    await page.locator('.preview-said.fires', { hasText: 'in the last 2 weeks' }).waitFor()
    await page.locator('.rule-picture .fired-span').first().waitFor()
    await page.locator('.rule-picture path.line').waitFor({ state: 'attached' })
    // Nothing is ever that high: the preview follows what is typed.
    await page.getByLabel('Recovered at').fill('')
    await limit.fill('9000')
    await page.locator('.preview-said', { hasText: 'Never in the last 2 weeks.' }).waitFor()
    await limit.fill('1')
    await page.locator('.preview-said.fires').waitFor()
    await assertAccessible(page, 'the form of a rule')
    await keep(page, 'rule-add-1440', { fullPage: true })
    await save(page, 'Add this rule')
    await page.getByText(`${RULE} was added.`).waitFor()
    await page.getByRole('link', { name: 'Now', exact: true }).click()
    await row(page).and(page.locator('.tripped')).waitFor()
    // Others may come and go meanwhile.
    await until(async () => {
      const { counts } = await ask(page, '/alarms')
      const count = counts.critical + counts.warning + counts.info + counts.acknowledged
      return await page.locator('.alarm-count').getAttribute('data-count') === String(count) && (await page.title()).startsWith(`(${count}) Alarms`)
    }, 'head and title count the alarms')
    await keep(page, 'alarms-1440')
    await row(page).getByRole('link', { name: 'Page test' }).click()
    await page.getByLabel('Over the last').selectOption('-24h')
    await page.locator('.preview-said.fires', { hasText: 'in the last 24 hours' }).waitFor()
    await press(page, `Remove ${RULE}`)
    await press(page, 'Yes, remove')
    await page.getByText(`${RULE} was removed.`).waitFor()
    await until(async () => !(await alarm(page)), 'its alarms end with it')
  })
})

test('an alarm is acknowledged with a reason, shelved and taken back, and the log knows', async (t) => {
  if (MOCK) return t.skip('see alarm-states')
  await withPage({ viewport: PHONE, scheme: 'dark' }, async (page) => {
    await visit(page, '/')
    await trips(page)
    await page.getByRole('link', { name: 'Alarms', exact: true }).click()
    await row(page).getByRole('button', { name: /^Acknowledge/ }).click()
    assert.equal((await alarm(page)).state, 'tripped', 'asking is not doing')
    await page.getByLabel('Reason, for the event log').fill('Electrician is on the way')
    await assertFits(page, 'acknowledging on a phone')
    await keep(page, 'alarm-acknowledge-390-dark')
    await page.locator('.alarm-ask').getByRole('button', { name: 'Acknowledge', exact: true }).click()
    await row(page).and(page.locator('.acknowledged')).waitFor()
    assert.match(await row(page).textContent(), /acknowledged by administrator/)
    await row(page).getByRole('button', { name: /^Shelve/ }).click()
    await page.getByLabel('For how long').selectOption('4 h')
    await page.locator('.alarm-ask').getByRole('button', { name: 'Shelve', exact: true }).click()
    await row(page).and(page.locator('.silent')).waitFor()
    assert.match(await row(page).textContent(), /shelved by administrator until/)
    await row(page).getByRole('button', { name: /^End shelving/ }).click()
    await page.locator('.alarm-ask').getByRole('button', { name: 'End shelving', exact: true }).click()
    await row(page).and(page.locator(':not(.silent)')).waitFor()
    const { events } = await ask(page, `/events?kind=alarm-acknowledged&object=${POINT}&limit=1`)
    assert.match(JSON.stringify(events[0]), /Electrician is on the way/)
    await gone(page)
  })
})

test('a sounder is muted: it stops, the alarm stays, and sounds again when it trips anew', async (t) => {
  if (MOCK) return t.skip('see alarm-states')
  await withPage({}, async (page) => {
    const sounds = async () => (await ask(page, '/points?path=pdu-a/outlet-24/state'))[0].value === 1
    await visit(page, '/alarms')
    await trips(page, { sounders: 'pdu-a/outlet-24' })
    await until(sounds, 'the sounder is on', 30_000)
    const asked = page.locator('.alarm-ask')
    await row(page).getByRole('button', { name: /^Mute/ }).click()
    await asked.getByText('Sounders go silent until it trips anew. It stays unacknowledged.').waitFor()
    await until(() => asked.getByLabel('Reason, for the event log').evaluate((one) => one === document.activeElement), 'the keyboard is in the form')
    await asked.getByRole('button', { name: 'Cancel' }).click()
    await asked.waitFor({ state: 'detached' })
    assert.equal((await alarm(page)).muted, false, 'asking is not doing')
    await row(page).getByRole('button', { name: /^Mute/ }).click()
    await page.getByLabel('Reason, for the event log').fill('Heard')
    await page.locator('.alarm-ask').getByRole('button', { name: 'Mute', exact: true }).click()
    await row(page).getByText(/^muted by administrator, \d\d:\d\d, until it trips anew$/).waitFor()
    await until(async () => !(await sounds()), 'the sounder is off', 30_000)
    assert.equal((await alarm(page)).state, 'tripped')
    assert.deepEqual(await row(page).locator('.alarm-deeds button').allTextContents(), ['Acknowledge', 'Shelve'])
    await change(page, `/alarm-rules/${RULE}`, { limit: '9000' })
    await row(page).waitFor({ state: 'detached' })
    await change(page, `/alarm-rules/${RULE}`, { limit: '1' })
    await row(page).getByRole('button', { name: /^Mute/ }).waitFor()
    await gone(page)
    await until(async () => !(await sounds()), 'the sounder ends with the rule', 30_000)
  })
})

test('the state stands at the figure, at the device, and first on the overview; it goes by itself', async (t) => {
  if (MOCK) return t.skip('see alarm-states')
  await withPage({}, async (page) => {
    await visit(page, '/')
    await trips(page, { severity: 'critical' })
    await page.locator('.problems .alarm-row').first().waitFor()
    await page.locator('.nav .devices a', { hasText: 'pdu-a' }).locator('.alarm-shape.tripped').waitFor()
    await page.locator('.nav .devices a', { hasText: 'pdu-a' }).click()
    const cell = page.locator('.meter-table tr', { hasText: 'Voltage' }).first().locator('td').locator('.alarm-shape.tripped')
    await cell.first().waitFor()
    await row(page).waitFor()
    await assertAccessible(page, 'a device with an alarm')
    await keep(page, 'device-alarm-1440')
    // Changed elsewhere: the page hears of it without being loaded.
    await change(page, `/alarm-rules/${RULE}`, { limit: '9000' })
    await row(page).waitFor({ state: 'detached' })
    await cell.first().waitFor({ state: 'detached' })
    await gone(page)
  })
})

test('all alarms there are can be looked through, what is normal too', async (t) => {
  if (MOCK) return t.skip('see alarm-states')
  await withPage({}, async (page) => {
    await visit(page, '/')
    await change(page, `/alarm-rules/${RULE}`, { label: 'Page test', points: 'pdu-a/phase-*/voltage', when: 'over', limit: '9000' })
    await visit(page, '/alarms')
    await page.getByLabel('Show', { exact: true }).selectOption('all')
    await page.getByLabel('Device', { exact: true }).selectOption('pdu-a')
    await row(page).and(page.locator('.normal')).waitFor()
    assert.match(page.url(), /show=all&device=pdu-a/)
    for (const phase of 'bc') await row(page, `pdu-a/phase-${phase}/voltage`).waitFor()
    await gone(page)
  })
})

test('who only looks sees the alarms and nothing to press', async (t) => {
  if (MOCK) return t.skip('the mock wants signing in')
  await withPage({}, async (page) => { await visit(page, '/'); await trips(page) })
  await withPage({ signedIn: false }, async (page) => {
    await visit(page, '/alarms')
    await row(page).waitFor()
    assert.equal(await page.locator('.alarm-deeds').count(), 0)
    await visit(page, `/alarms/rules?r=${RULE}`)
    await page.getByText('Only an administrator changes this.').waitFor()
    await visit(page, '/alarms/recipients')
    await page.getByText('Mail and hours belong to administrators').waitFor()
  })
  await withPage({}, async (page) => { await visit(page, '/'); await gone(page) })
})

test('the event log shows the alarms alone when asked', async (t) => {
  if (MOCK) return t.skip('the mock keeps no events')
  await withPage({}, async (page) => {
    await visit(page, '/')
    await trips(page)
    await gone(page)
    await visit(page, '/events')
    await page.getByLabel('Kind', { exact: true }).selectOption('alarm-*')
    await page.locator('.event').first().waitFor()
    await until(async () => (await page.locator('.event-kind').allTextContents()).every((kind) => kind.startsWith('alarm')), 'only alarms are listed')
    const csv = await page.getByRole('link', { name: 'CSV' }).getAttribute('href')
    assert.match(csv, /kind=alarm-raised&kind=/)
  })
})

/** A receiver of our own that answers as told. */
function receiver(status) {
  const got = []
  const server = createServer((request, response) => {
    const chunks = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => { got.push(Buffer.concat(chunks).toString()); response.writeHead(status); response.end('thank you') })
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve({ server, got, url: `http://127.0.0.1:${server.address().port}/hook` })))
}

/** A mail server that knows just enough, and refuses one address. */
function mailServer() {
  const server = createMailServer((socket) => {
    let inData = false
    socket.write('220 page.test ESMTP\r\n')
    socket.on('error', () => {})
    socket.on('data', (chunk) => {
      if (inData) {
        inData = !chunk.toString().endsWith('\r\n.\r\n')
        if (!inData) socket.write('250 2.0.0 kept as page-test-1\r\n')
        return
      }
      for (const line of chunk.toString().split('\r\n').filter(Boolean)) {
        inData = /^DATA/i.test(line)
        socket.write(inData ? '354 go on\r\n' : /^QUIT/i.test(line) ? '221 bye\r\n' : /nobody@/.test(line) ? '550 5.1.1 nobody here\r\n' : '250 OK\r\n')
      }
    })
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)))
}

test('the mail server is set up, and a test mail shows the whole conversation', async (t) => {
  if (MOCK) return t.skip('see alarm-states')
  const server = await mailServer()
  try {
    await withPage({}, async (page) => {
      await visit(page, '/alarms/setup')
      await page.locator('[data-key="mail.server"] input').fill('127.0.0.1')
      await page.locator('[data-key="mail.port"] input').fill(String(server.address().port))
      await page.locator('[data-key="mail.security"] select').selectOption('none')
      await press(page, 'Apply')
      await page.getByText('3 settings applied.').waitFor()
      for (const [name, mailbox] of [['page-desk', 'desk@example.net'], ['page-nobody', 'nobody@example.net']]) {
        assert.equal((await change(page, `/recipients/${name}`, { kind: 'mail', address: mailbox })).status, 200)
      }
      await visit(page, '/alarms/recipients')
      const dialogue = (name) => page.locator(`[data-record="${name}"] .dialogue`)
      await press(page, 'Test page-desk')
      await dialogue('page-desk').filter({ hasText: 'Delivered.' }).waitFor()
      assert.match(await dialogue('page-desk').locator('pre').textContent(), /RCPT TO:<desk@example\.net>[^]*kept as page-test-1/)
      await press(page, 'Test page-nobody')
      await dialogue('page-nobody').filter({ hasText: 'Not delivered.' }).waitFor()
      assert.match(await dialogue('page-nobody').locator('pre').textContent(), /550 5\.1\.1 nobody here/)
      await keep(page, 'recipient-test-1440')
      for (const name of ['page-desk', 'page-nobody']) await change(page, `/recipients/${name}`, undefined, 'DELETE')
      await change(page, '/settings', { 'mail.server': null, 'mail.port': null, 'mail.security': null })
    })
  } finally {
    server.close()
  }
})

test('a recipient is set up, tried, and removed', async (t) => {
  if (MOCK) return t.skip('see alarm-states')
  const { server, got, url } = await receiver(200)
  try {
    await withPage({}, async (page) => {
      await visit(page, '/alarms/recipients')
      await press(page, 'Add a recipient')
      await page.getByLabel('Name', { exact: true }).fill('Page hook')
      assert.equal(await page.locator('[data-key="recipients.address"]').count(), 1, 'mail wants an address')
      await save(page, 'Add this recipient')
      await page.locator('[data-key="recipients.address"] .fault', { hasText: 'ust be given' }).waitFor()
      await page.getByRole('radio', { name: /^Webhook/ }).check()
      assert.equal(await page.locator('[data-key="recipients.address"]').count(), 0)
      await page.locator('[data-key="recipients.url"] input').fill(url)
      await assertAccessible(page, 'the form of a recipient')
      await keep(page, 'recipient-add-1440', { fullPage: true })
      await save(page, 'Add this recipient')
      await page.getByText('page-hook was added.').waitFor()
      await press(page, 'Test page-hook')
      await page.locator('.dialogue', { hasText: 'Delivered.' }).waitFor()
      assert.equal(got.length, 1, 'the receiver was told once')
      await page.getByRole('link', { name: 'Page hook' }).click()
      await press(page, 'Remove page-hook')
      await press(page, 'Yes, remove')
      await page.getByText('page-hook was removed.').waitFor()
    })
  } finally {
    server.closeAllConnections()
    server.close()
  }
})

test('a report is set up and removed', async (t) => {
  if (MOCK) return t.skip('the mock keeps no reports')
  await withPage({}, async (page) => {
    await visit(page, '/alarms/reports')
    await press(page, 'Add a report')
    await page.getByLabel('Name', { exact: true }).fill('Monday report')
    await page.locator('[data-key="reports.every"] select').selectOption('weekly')
    await page.locator('[data-key="reports.at"] input').fill('25:00')
    await save(page, 'Add this report')
    await page.locator('[data-key="reports.at"] .fault', { hasText: 'time' }).waitFor()
    await page.locator('[data-key="reports.at"] input').fill('06:30')
    await save(page, 'Add this report')
    await page.getByText('monday-report was added.').waitFor()
    assert.equal((await ask(page, '/reports')).find((one) => one.name === 'monday-report').values.at, '06:30')
    await press(page, 'Send now: Monday report')
    await page.getByText('Monday report is on its way.').waitFor()
    await page.getByRole('link', { name: 'Monday report' }).click()
    await press(page, 'Remove monday-report')
    await press(page, 'Yes, remove')
    await page.getByText('monday-report was removed.').waitFor()
  })
})

for (const [name, options] of [['1440', { viewport: WIDE }], ['390-dark', { viewport: PHONE, scheme: 'dark' }]]) {
  test(`the alarm pages fit and are accessible (${name})`, async (t) => {
    if (MOCK) return t.skip('see alarm-states')
    await withPage(options, async (page) => {
      for (const [path, ready] of [['rules?r=', '.rule-grid'], ['recipients?r=', '.record-form'], ['reports?r=', '.record-form'], ['setup', '.settings-table']]) {
        await visit(page, `/alarms/${path}`)
        await page.locator(ready).first().waitFor()
        await assertFits(page, path)
        await assertAccessible(page, `${path} (${name})`)
        await keep(page, `alarms-${path.replace(/\W.*/, '')}-${name}`)
      }
    })
  })
}
