import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { text } from 'node:stream/consumers'

const watchdog = new URL('../../support/watchdog.ts', import.meta.url).href

const setUp = `
  import { endFilesThatHang } from '${watchdog}'
  export const globalSetup = () => endFilesThatHang(2_000)
`
/** Passes, starts a process that outlives it and holds its output open, and never ends. */
const hanging = `
  import { spawn } from 'node:child_process'
  import { writeFileSync } from 'node:fs'
  import { it } from 'node:test'
  it('passes', () => {})
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1_000)'], { stdio: ['ignore', 'inherit', 'inherit'] })
  writeFileSync(new URL('pid', import.meta.url), String(child.pid))
`
const looping = `
  import { it } from 'node:test'
  it('loops', () => { for (;;); })
`

describe('a test file that does not end', () => {
  let folder = ''
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'drawbridge-watchdog-'))
    writeFileSync(join(folder, 'set-up.mjs'), setUp)
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  async function run(content: string): Promise<{ code: number | null; out: string; err: string }> {
    const file = join(folder, 'hangs.test.mjs')
    writeFileSync(file, content)
    const { NODE_TEST_CONTEXT: _, ...env } = process.env
    const runner = spawn(
      process.execPath,
      ['--test', '--test-reporter=tap', `--test-global-setup=${join(folder, 'set-up.mjs')}`, file],
      { env, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    const ended = new Promise<number | null>((resolve) => runner.once('close', resolve))
    const [code, out, err] = await Promise.all([ended, text(runner.stdout), text(runner.stderr)])
    return { code, out, err }
  }

  for (const [what, content] of [
    ['leaves something open', hanging],
    ['does not come back from a loop', looping],
  ] as const) {
    it(`fails the run when it ${what}`, { timeout: 120_000 }, async () => {
      const { code, out, err } = await run(content)
      assert.equal(code, 1, out + err)
      assert.match(err, /hangs\.test\.mjs did not end within 2 s and was ended/)
      assert.match(out, /^not ok 1? ?.*hangs\.test\.mjs/m)
    })
  }

  it('takes the processes it started with it', { timeout: 120_000 }, async (t) => {
    if (spawnSync('ps', ['-A']).error) return t.skip('no ps on this machine')
    await run(hanging)
    const pid = readFileSync(join(folder, 'pid'), 'utf8')
    const state = spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' }).stdout.trim()
    // Nobody may have asked yet how it ended.
    assert.ok(state === '' || state.startsWith('Z'), state)
  })
})
