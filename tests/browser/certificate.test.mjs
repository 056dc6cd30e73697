// The certificate on the settings page: what it says, what is refused, another one, a new one.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ask, assertAccessible, assertFits, close, keep, MOCK, open, until, visit, withPage } from './browser.mjs'

const folder = mkdtempSync(join(tmpdir(), 'busbar-certificate-'))
before(open)
after(async () => {
  rmSync(folder, { recursive: true })
  await close()
})

/** Made by OpenSSL, which shares nothing with the unit. */
function pair(name) {
  const [crt, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)]
  execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '90', '-subj', `/CN=${name}`,
    '-addext', `subjectAltName=DNS:${name}`, '-keyout', key, '-out', crt], { stdio: 'ignore' })
  return { crt, key }
}

test('a certificate is looked at, replaced by files and by pasting, and made anew', { skip: MOCK && 'needs a real unit' }, () => withPage({}, async (page) => {
  await visit(page, '/settings/certificate')
  const panel = page.locator('.panel', { has: page.locator('#certificate') })
  await panel.getByText('Fingerprint').waitFor()
  assert.match(await panel.innerText(), /localhost/)
  const [mine, other] = [pair('mine.example'), pair('other.example')]

  const files = panel.locator('input[type="file"]')
  await files.nth(0).setInputFiles(mine.crt)
  await files.nth(1).setInputFiles(other.key)
  await panel.getByRole('button', { name: 'Put into force' }).click()
  await until(async () => /does not belong/.test(await panel.innerText()), 'the wrong key to be refused')
  await files.nth(1).setInputFiles(mine.key)
  await panel.getByRole('button', { name: 'Put into force' }).click()
  await panel.getByText('in force for new connections').waitFor()
  assert.equal((await ask(page, '/certificate')).subject, 'CN=mine.example')
  assert.equal(await page.locator('textarea').nth(1).inputValue(), '', 'the key is not left on the page')
  await keep(page, 'settings-certificate')
  await assertAccessible(page, 'the certificate')
  await page.setViewportSize({ width: 360, height: 720 })
  await assertFits(page, 'the certificate')

  await page.locator('textarea').nth(0).fill(readFileSync(other.crt, 'utf8'))
  await page.locator('textarea').nth(1).fill(readFileSync(other.key, 'utf8'))
  await panel.getByRole('button', { name: 'Put into force' }).click()
  await until(async () => (await ask(page, '/certificate')).subject === 'CN=other.example', 'the pasted one')

  await panel.getByRole('button', { name: 'Make a new self-signed one' }).click()
  assert.match(await panel.locator('.confirm').innerText(), /is dropped/)
  await panel.getByRole('button', { name: 'Yes, make it' }).click()
  await until(async () => (await ask(page, '/certificate')).names.includes('localhost'), 'the new one')
}))
