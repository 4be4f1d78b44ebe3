import assert from 'node:assert/strict'
import { PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { agreed } from '../../../src/operations/apply/send.ts'
import { differenceLines } from '../../../src/store/connections/difference.ts'

describe('the question before a configuration is applied', () => {
  for (const [typed, expected] of [
    ['y\r', true],
    ['YES\r', true],
    ['n\r', false],
    ['\r', false],
    ['\u0003', false],
    ['\u0004', false],
  ] as const) {
    it(`takes ${JSON.stringify(typed)} for ${expected ? 'yes' : 'no'}, and goes on quietly`, async () => {
      const input = new PassThrough()
      const output = new PassThrough()
      output.resume()
      const answer = agreed(input, output)
      input.write(typed)
      assert.equal(await answer, expected)
    })
  }
})

describe('what differs between two policies', () => {
  const cases: readonly (readonly [string, unknown, unknown, readonly string[]])[] = [
    ['nothing', { a: 1, b: { c: 2 } }, { b: { c: 2 }, a: 1 }, []],
    ['a value', { mode: 'shadow' }, { mode: 'enforce' }, ['mode: "shadow" → "enforce"']],
    [
      'a value that was not set',
      {},
      { default: { role: 'Viewer' } },
      ['default: not set → {"role":"Viewer"}'],
    ],
    ['a value below', { guard: { a: 1, b: 2 } }, { guard: { a: 1, b: 3 } }, ['guard.b: 2 → 3']],
    [
      'a rule',
      { rules: [{ group: 'A' }] },
      { rules: [{ group: 'B' }] },
      ['rules: - {"group":"A"}', 'rules: + {"group":"B"}'],
    ],
    ['the order of rules', { rules: ['a', 'b'] }, { rules: ['b', 'a'] }, ['rules: another order']],
  ]
  for (const [what, before, after, lines] of cases) {
    it(`tells ${what}`, () => {
      assert.deepEqual(
        differenceLines(before, after).map((line) => line.trim()),
        lines,
      )
    })
  }
})
