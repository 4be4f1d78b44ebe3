import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import { run } from '../../../src/app/program.ts'

it('makes no store in a directory that was named by mistake, and says how to name the right one', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'drawbridge-wrong-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const dataDir = join(folder, 'nothing-here')
  for (const argv of [['status'], ['token', 'list'], ['audit', 'verify'], ['backup', join(folder, 'file')]]) {
    let err = ''
    const stderr = { write: (text: string) => (err += text) }
    const code = await run(argv, { env: { DRAWBRIDGE_DATA_DIR: dataDir }, stdout: { write() {} }, stderr })
    assert.equal(code, 3, `${argv.join(' ')}: ${err}`)
    assert.match(
      err,
      /^There is no store in .*nothing-here, and no gateway is running there\. Name .*DRAWBRIDGE_DATA_DIR/,
    )
    assert.ok(!existsSync(dataDir))
  }
})
