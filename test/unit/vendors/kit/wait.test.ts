import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { firstWait, longestWaitMs, parseWait, waitFrom } from '../../../../src/vendors/kit/wait.ts'

const now = Date.parse('2026-03-01T12:00:00Z')
const date = new Date(now).toUTCString()
const reply = (headers: Record<string, string>) => ({ status: 429, headers, body: undefined, readable: true })

describe('parseWait', () => {
  for (const [dialect, value, ms] of [
    ['seconds to go', '30', 30_000],
    ['fractions of a second, rounded up', '0.0004', 1],
    ['none', '0', 0],
    ['a date', new Date(now + 90_000).toUTCString(), 90_000],
    ['epoch seconds', String(now / 1000 + 12), 12_000],
    ['epoch milliseconds', String(now + 1500), 1500],
    ['an instant that is past', String(now / 1000 - 12), 0],
    ['more than fifteen minutes', '86400', longestWaitMs],
    ['a negative number', '-5', 0],
    ['words', 'soon', undefined],
    ['nothing', ' ', undefined],
  ] as const) {
    it(`reads ${dialect}`, () => assert.equal(parseWait(value, date, now), ms))
  }

  it("compares instants with the reply's own date, not with our clock", () => {
    assert.equal(parseWait(String(now / 1000 + 10), date, now + 3_600_000), 10_000)
    assert.equal(parseWait(String(now / 1000 + 10), undefined, now + 4000), 6000)
    assert.equal(parseWait(String(now / 1000 + 10), 'no date', now + 4000), 6000)
  })

  it('gives a wait within its bounds or nothing, whatever the vendor writes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.double().map(String), fc.date().map(String)), (value) => {
        const ms = parseWait(value, date, now)
        assert.ok(ms === undefined || (Number.isInteger(ms) && ms >= 0 && ms <= longestWaitMs))
      }),
    )
  })
})

describe('waitFrom', () => {
  const wait = waitFrom('Retry-After', 'x-reset')

  it('takes the first header that is there and readable', () => {
    assert.equal(wait(reply({ 'retry-after': '3', 'x-reset': '9' }), now), 3000)
    assert.equal(wait(reply({ 'retry-after': 'soon', 'x-reset': '9' }), now), 9000)
    assert.equal(wait(reply({}), now), undefined)
  })

  it('can be followed by others', () => {
    assert.equal(firstWait(wait, () => 1500)(reply({}), now), 1500)
    assert.equal(firstWait()(reply({}), now), undefined)
  })
})
