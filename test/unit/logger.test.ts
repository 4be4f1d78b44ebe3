import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { pino } from 'pino'
import { loggerOptions } from '../../src/logger.ts'

function logged(values: object): string {
  let line = ''
  pino(loggerOptions('info'), { write: (text: string) => (line = text) }).info(values, 'tried')
  return line
}

describe('the log', () => {
  it('writes ISO times and level names', () => {
    const { time, level, msg } = JSON.parse(logged({})) as Record<string, string>
    assert.match(time ?? '', /^\d{4}-\d\d-\d\dT[\d:.]+Z$/)
    assert.deepEqual([level, msg], ['info', 'tried'])
  })

  const hush = 'hush'
  const lines: readonly [string, object][] = [
    ['a token', { token: hush }],
    ['a header', { req: { headers: { authorization: hush } } }],
    ['credentials', { connection: { credentials: { clientSecret: hush, anything: hush } } }],
    ['a password', { body: { password: hush } }],
    ['a secret of a list', { tokens: [{ secret: hush }] }],
  ]
  for (const [what, values] of lines) {
    it(`redacts ${what}`, () => assert.ok(!logged(values).includes(hush)))
  }
})
