import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'

it('the demo converges, and shows stories instead of log lines', { timeout: 120_000 }, async (t) => {
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
  const { LOG_LEVEL: _, ...env } = process.env
  const demo = spawn(process.execPath, [main, 'demo', '--exit'], { env, stdio: ['ignore', 'pipe', 'pipe'] })
  t.after(() => demo.kill('SIGKILL'))
  const written = { out: '', err: '' }
  demo.stdout.setEncoding('utf8').on('data', (text: string) => (written.out += text))
  demo.stderr.setEncoding('utf8').on('data', (text: string) => (written.err += text))
  const [code] = (await once(demo, 'close')) as [number]
  assert.equal(code, 0, written.err)
  assert.equal(written.err, '')
  assert.match(written.out, /Everything converged\.\n$/)
  assert.doesNotMatch(written.out, /^\{/m)
})
