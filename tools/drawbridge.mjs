// The command line of a checkout: `npm run drawbridge -- <command>`. Plain JavaScript that Node.js 20 runs too: it looks
// for a Node.js that is new enough, then starts src/main.ts.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { isRecentEnough, needed } from './node-version.mjs'

const relaunched = 'DRAWBRIDGE_RELAUNCHED'
const parentPollMs = 250

if (isRecentEnough(process.versions.node)) await start()
else relaunch()

async function start() {
  endWithParent()
  await import('../src/main.ts')
}

/** A gateway whose launcher or npm was killed must not linger: it ends as if it were told to. */
function endWithParent() {
  const end = () => process.kill(process.pid, 'SIGTERM')
  if (process.env[relaunched] !== undefined) {
    delete process.env[relaunched]
    process.on('disconnect', end)
    process.channel?.unref()
  } else if (process.env.npm_lifecycle_event !== undefined) {
    const parent = process.ppid
    const watch = setInterval(() => {
      if (process.ppid === parent) return
      clearInterval(watch)
      end()
    }, parentPollMs)
    watch.unref()
  }
}

function relaunch() {
  const node = fileURLToPath(new URL('../node_modules/.bin/node', import.meta.url))
  const version = existsSync(node)
    ? spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout?.trim().slice(1)
    : ''
  if (!version || !isRecentEnough(version)) {
    console.error(
      `Drawbridge needs Node.js ${needed} or newer; this is ${process.versions.node}, and the project's own copy is ` +
        'missing. Run "npm ci" (with install scripts allowed) in the project folder.',
    )
    process.exit(1)
  }
  const child = spawn(node, process.argv.slice(1), {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [relaunched]: '1' },
  })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => {
    console.error(`${node} cannot be started: ${error.message}`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? (signal === 'SIGINT' ? 130 : 1)
  })
}
