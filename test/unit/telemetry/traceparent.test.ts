import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { callerOf } from '../../../src/telemetry/spans.ts'
import { openTracing } from '../../../src/telemetry/tracing.ts'

const trace = '4bf92f3577b34da6a3ce929d0e0e4736'
const span = '00f067aa0ba902b7'

describe('traceparent', () => {
  const heard: readonly (readonly [string, number])[] = [
    [`00-${trace}-${span}-01`, 1],
    [`00-${trace}-${span}-00`, 0],
    [` 00-${trace}-${span}-03 `, 1],
    [`cc-${trace}-${span}-01-of-a-later-version`, 1],
  ]
  for (const [header, traceFlags] of heard) {
    it(`is heard: ${header}`, () => {
      assert.deepEqual(callerOf(header), { traceId: trace, spanId: span, traceFlags, isRemote: true })
    })
  }

  const ignored = [
    undefined,
    '',
    'yes',
    [`00-${trace}-${span}-01`],
    `ff-${trace}-${span}-01`,
    `00-${trace}-${span}-01-more`,
    `00-${trace}-${span}`,
    `00-${'0'.repeat(32)}-${span}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${span}-01`,
  ]
  for (const header of ignored) {
    it(`is ignored: ${JSON.stringify(header)}`, () => assert.equal(callerOf(header), undefined))
  }
})

describe('tracing', () => {
  it('is nothing at all without a collector', async () => {
    const tracing = await openTracing(undefined, { warn: () => assert.fail() })
    assert.equal(tracing.runs, undefined)
    assert.equal(tracing.call, undefined)
    tracing.register(undefined as never)
    await tracing.close()
  })
})
