// Every check that needs no running gateway, two at a time; shows what failed in full. `npm run check`.
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'
import { delimiter } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

const steps = {
  'node version': ['node', 'tools/assert-node.mjs'],
  migrations: ['node', 'tools/check-migrations.mjs'],
  format: ['prettier', '--check', '--cache', '.'],
  lint: ['oxlint', '--deny-warnings'],
  types: ['npm', 'run', '--silent', 'typecheck'],
  imports: ['npm', 'run', '--silent', 'lint:imports'],
  unused: ['npm', 'run', '--silent', 'lint:unused'],
  'generated documents': ['node', 'tools/write-documents.mjs', '--check'],
  'requirement rows': ['node', 'tools/requirement-rows.mjs'],
  repository: [
    'node',
    '--test',
    '--test-reporter=dot',
    ...globSync('test/repository/*.test.ts', { cwd: root }),
  ],
}

const queue = Object.entries(steps)
const failed = []
await Promise.all([worker(), worker()])
if (failed.length > 0) console.error(`\nfailed: ${failed.join(', ')}`)
process.exitCode = failed.length > 0 ? 1 : 0

async function worker() {
  for (let step = queue.shift(); step; step = queue.shift()) {
    const [name, command] = step
    const startedAt = performance.now()
    const { code, text } = await run(command)
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    console.log(`${code === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds} s)`)
    if (code === 0) continue
    failed.push(name)
    console.log(text.trimEnd())
  }
}

function run([command, ...args]) {
  return new Promise((resolve) => {
    const env = {
      NODE_COMPILE_CACHE: `${root}node_modules/.cache/compiled-for-tests`,
      ...process.env,
      PATH: `${root}node_modules/.bin${delimiter}${process.env.PATH}`,
    }
    const child = spawn(command, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
    child.on('error', (error) => resolve({ code: 1, text: error.message }))
    child.on('close', (code) => resolve({ code: code ?? 1, text }))
  })
}
