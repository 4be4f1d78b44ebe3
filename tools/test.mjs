// Every test, several files at a time; then, one at a time, the files that measure time or load. `npm test`.
// With files or patterns behind it, only those. Other flags go to `node --test`.
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

/** What these prove needs a machine that does nothing else of ours meanwhile. */
const alone = [
  'test/chaos/chaos.test.ts',
  'test/integration/large-group.test.ts',
  'test/integration/slow-vendor.test.ts',
  'test/scim/hostile-connections.test.ts',
]

// Files wait for PostgreSQL and for timers, so that two pay even on one core; beyond six, PostgreSQL is what they wait for.
const atOnce = Math.min(6, Math.max(2, availableParallelism()))

const given = process.argv.slice(2)
const flags = given.filter((argument) => argument.startsWith('-'))
const patterns = given.filter((argument) => !argument.startsWith('-'))
const found = (patterns.length > 0 ? patterns : ['test/**/*.test.ts']).map((pattern) => ({
  pattern,
  files: globSync(pattern, { cwd: root }),
}))
// A mistyped name, or the value of a flag that was not written as --flag=value, shall not pass for a test.
const missing = found.filter((each) => each.files.length === 0)
if (missing.length > 0) {
  console.error(`no test file: ${missing.map(({ pattern }) => pattern).join(' ')}`)
  process.exit(1)
}
const files = [...new Set(found.flatMap((each) => each.files))].toSorted()
for (const file of patterns.length > 0 ? [] : alone) {
  if (!files.includes(file)) throw new Error(`${file}: tools/test.mjs names a file that is gone`)
}

const together = files.filter((file) => !alone.includes(file))
const rest = files.filter((file) => alone.includes(file))
const codes = [await run(together, atOnce), await run(rest, 1)]
process.exitCode = Math.max(...codes)

function run(some, concurrency) {
  if (some.length === 0) return 0
  console.log(`${some.length} files, ${concurrency === 1 ? 'one' : concurrency} at a time`)
  const runner = spawn(
    process.execPath,
    [
      ...['--test', `--test-concurrency=${concurrency}`, '--test-global-setup=test/support/global-setup.ts'],
      ...flags,
      ...some,
    ],
    { cwd: root, stdio: 'inherit' },
  )
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM']) {
      // A stop is for all that runs: it ends PostgreSQL, and what would come after does not begin.
      process.once(signal, () => {
        runner.kill(signal)
        runner.once('close', () => process.exit(1))
      })
    }
    runner.on('error', (error) => console.error(error.message))
    runner.on('close', (code) => resolve(code ?? 1))
  })
}
