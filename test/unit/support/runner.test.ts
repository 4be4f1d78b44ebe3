import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { it } from 'node:test'
import { fileURLToPath } from 'node:url'

const runner = fileURLToPath(new URL('../../../tools/test.mjs', import.meta.url))

it('npm test refuses a name behind which there is no test, also beside one that there is', () => {
  const real = 'test/unit/logger.test.ts'
  for (const missing of ['test/unit/loger.test.ts', 'a name pattern']) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [runner, real, missing], {
      encoding: 'utf8',
    })
    assert.deepEqual([status, stdout, stderr], [1, '', `no test file: ${missing}\n`])
  }
})
