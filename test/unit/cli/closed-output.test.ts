import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url))

/** A command whose output nobody reads to the end, as behind `| head`. */
async function unread(argv: readonly string[]): Promise<{ code: unknown; err: string }> {
  const child = spawn(process.execPath, [main, ...argv], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  const [err, [code]] = await Promise.all([text(child.stderr), once(child, 'close')])
  return { code, err }
}

describe('a command whose reader has seen enough', () => {
  it('ends well where it would have', async () => {
    assert.deepEqual(await unread(['errors']), { code: 0, err: '' })
  })

  it('does not hide that it failed', async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-unread-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'drawbridge.yaml')
    writeFileSync(file, 'directories: { corp: { nonsense: true } }\n')
    const { code, err } = await unread(['check', '--config', file, '--json'])
    assert.equal(code, 2)
    assert.match(err, /nonsense/)
  })
})
