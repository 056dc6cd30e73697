// Builds the pages into dist/: hashed files, an index.html that names them, and a .gz beside each.
// The daemon embeds dist/ as it is and never compresses at run time.
import { build } from 'esbuild'
import { gzipSync } from 'node:zlib'
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('.', import.meta.url))
const dist = join(root, 'dist')

/** The first view must load within this, compressed, on a slow phone. */
const FIRST_VIEW_LIMIT = 150 * 1024

async function bundle() {
  const result = await build({
    absWorkingDir: root,
    entryPoints: { app: 'src/main.tsx' },
    outdir: dist,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    bundle: true,
    splitting: true, // charts load only when a graph is opened
    format: 'esm',
    target: 'es2021',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    charset: 'utf8',
    legalComments: 'none',
    metafile: true,
  })
  return Object.entries(result.metafile.outputs)
    .filter(([, output]) => output.entryPoint === 'src/main.tsx')
    .map(([path, output]) => ({ path, output, outputs: result.metafile.outputs }))[0]
}

/** Every file that the browser fetches before the first page can be drawn. */
function firstView(entry) {
  const files = new Set([basename(entry.path), basename(entry.output.cssBundle)])
  const follow = (path) => {
    for (const { path: next, kind } of entry.outputs[path].imports) {
      if (kind === 'import-statement' && !files.has(basename(next))) {
        files.add(basename(next))
        follow(next)
      }
    }
  }
  follow(entry.path)
  return [...files]
}

function writePage(scripts, styles) {
  const preload = scripts.slice(1).map((name) => `<link rel="modulepreload" href="/${name}">`).join('\n  ')
  const page = readFileSync(join(root, 'index.html'), 'utf8')
    .replace('%SCRIPT%', `/${scripts[0]}`)
    .replace('%STYLE%', `/${styles[0]}`)
    .replace('%PRELOAD%', preload)
  writeFileSync(join(dist, 'index.html'), page)
}

/** What others wrote and we serve asks to be served with its notice. */
function writeLicences() {
  const text = ['preact', 'uplot'].map((name) => `${name}\n\n${readFileSync(join(root, 'node_modules', name, 'LICENSE'), 'utf8')}`)
  writeFileSync(join(dist, 'licences.txt'), text.join('\n\n'))
}

function compressAll() {
  const sizes = new Map()
  for (const name of readdirSync(dist)) {
    const packed = gzipSync(readFileSync(join(dist, name)), { level: 9 })
    writeFileSync(join(dist, `${name}.gz`), packed)
    sizes.set(name, packed.length)
  }
  return sizes
}

rmSync(dist, { recursive: true, force: true })
mkdirSync(dist, { recursive: true })
const entry = await bundle()
const first = firstView(entry)
writePage(first.filter((name) => name.endsWith('.js')), first.filter((name) => name.endsWith('.css')))
for (const name of readdirSync(join(root, 'public'))) {
  writeFileSync(join(dist, name), readFileSync(join(root, 'public', name)))
}
writeLicences()
const sizes = compressAll()
const total = ['index.html', 'icon.svg', ...first].reduce((sum, name) => sum + sizes.get(name), 0)
for (const [name, size] of sizes) console.log(`${String(size).padStart(8)}  ${name}`)
console.log(`${String(total).padStart(8)}  first view, compressed`)
if (total > FIRST_VIEW_LIMIT) {
  console.error(`The first view is larger than ${FIRST_VIEW_LIMIT} bytes: split off what it does not need.`)
  process.exit(1)
}
