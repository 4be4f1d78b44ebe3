import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'

const launcher = fileURLToPath(new URL('../../../tools/drawbridge.mjs', import.meta.url))
const seconds = 120

describe('the launcher', () => {
  it('passes the exit code on', () => {
    const { status, stderr } = spawnSync(process.execPath, [launcher, 'nonsense'], { encoding: 'utf8' })
    assert.equal(status, 2)
    assert.match(stderr, /unknown command/)
  })

  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    it(`runs a simulator until ${signal} and ends with 0`, { timeout: seconds * 1000 }, async () => {
      const child = spawn(process.execPath, [launcher, 'simulate', 'sentry', '--json'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let out = ''
      for await (const chunk of child.stdout) {
        out += String(chunk)
        if (out.endsWith('}\n')) break
      }
      const { simulators } = JSON.parse(out) as { simulators: { vendor: string; origin: string }[] }
      assert.equal(simulators[0]?.vendor, 'sentry')
      assert.equal((await fetch(`${simulators[0]?.origin}/__simulator/trace`)).status, 200)
      child.kill(signal)
      const [code] = (await once(child, 'exit')) as [number | null]
      assert.equal(code, 0)
    })
  }

  it(
    'starts the gateway’s own Node.js when it is run by an older one',
    { timeout: seconds * 1000 },
    async (test) => {
      const older = ['/usr/local/bin/node', '/usr/bin/node'].find((path) =>
        /^v(1\d|20)\./.test(spawnSync(path, ['--version'], { encoding: 'utf8' }).stdout ?? ''),
      )
      if (!older) return test.skip('no older Node.js on this machine')
      const child = spawn(older, [launcher, 'simulate', 'sentry', '--json'], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
      const { simulators } = JSON.parse(String(chunk)) as { simulators: { origin: string }[] }
      child.kill('SIGKILL')
      await once(child, 'exit')
      // The gateway ends with its launcher, however that ended.
      await untilRefused(`${simulators[0]?.origin}/__simulator/trace`)
    },
  )

  it('ends with npm, however npm ended', { timeout: seconds * 1000 }, async () => {
    const child = spawn('npm', ['run', '--silent', 'drawbridge', '--', 'simulate', 'sentry', '--json'], {
      stdio: ['ignore', 'pipe', 'ignore'],
      cwd: fileURLToPath(new URL('../../..', import.meta.url)),
    })
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer]
    const { simulators } = JSON.parse(String(chunk)) as { simulators: { origin: string }[] }
    child.kill('SIGKILL')
    await untilRefused(`${simulators[0]?.origin}/__simulator/trace`)
  })
})

async function untilRefused(url: string): Promise<void> {
  for (;;) {
    try {
      await (await fetch(url)).text()
    } catch {
      return
    }
  }
}
