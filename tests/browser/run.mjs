// Runs the page tests one file after the other: they share one unit and change it.
// With BUSBAR_URL against that unit (BUSBAR_USER, BUSBAR_PASSWORD), without against the mock.
// With BUSBAR_RESULTS=PREFIX each file leaves PREFIX-FILE.xml. A file that fails is run once more, since the machine may have
// been busy; PREFIX-FILE.alone.xml tells how that went, and tools/count_tests.py names what passed only then.
import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const here = fileURLToPath(new URL('.', import.meta.url))
const wanted = process.argv.slice(2)
const files = readdirSync(here).filter((name) => name.endsWith('.test.mjs') && (!wanted.length || wanted.some((word) => name.includes(word))))
const env = { ...process.env }
let mock = null

if (!env.BUSBAR_URL) {
  const { serve } = await import('../../web/mock/server.mjs')
  mock = await serve(0)
  env.BUSBAR_URL = `http://127.0.0.1:${mock.address().port}`
  env.BUSBAR_MOCK = '1'
}

function reporters(file, suffix) {
  const spec = ['--test-reporter=spec', '--test-reporter-destination=stdout']
  if (!env.BUSBAR_RESULTS) return spec
  return [...spec, '--test-reporter=junit', `--test-reporter-destination=${env.BUSBAR_RESULTS}-${file.replace('.test.mjs', '')}${suffix}.xml`]
}

function run(file, suffix = '') {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--test', ...reporters(file, suffix), file], { cwd: here, env, stdio: 'inherit' })
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

let failed = 0
for (const file of files) {
  if (!await run(file)) continue
  console.log(`${file} failed: once more`)
  failed += (await run(file, '.alone')) ? 1 : 0
}
mock?.closeAllConnections?.()
mock?.close()
console.log(failed ? `${failed} of ${files.length} files failed` : `${files.length} files passed`)
process.exit(failed ? 1 : 0)
