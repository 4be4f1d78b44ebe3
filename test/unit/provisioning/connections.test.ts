import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { VendorError } from '../../../src/model/errors.ts'
import { type ConnectionSpec, openConnection } from '../../../src/provisioning/connections.ts'
import type { ConnectionStore } from '../../../src/model/work.ts'
import type { Kit } from '../../../src/vendors/kit/kit.ts'

/** A connection to a vendor that is away until `isBack`, by a clock of its own. */
function away() {
  const state = { now: 0, calls: 0, isBack: false }
  const target = {
    capabilities: {},
    async self() {
      state.calls += 1
      if (!state.isBack) throw new VendorError('unavailable', 'away', { vendor: 'x', operation: 'self' })
      return undefined
    },
  }
  const spec = {
    id: '1',
    name: 'x',
    directoryId: '2',
    apiProfile: 'guide',
    settings: {},
    credentials: {},
    policy: { deprovision: { inactive: ['disable'] } },
    vendor: { id: 'x', name: 'X', deprovision: { inactive: ['disable'] }, connect: () => target },
  } as unknown as ConnectionSpec
  const kit = { now: () => state.now } as unknown as Kit
  return { state, connection: openConnection(spec, {} as ConnectionStore, kit) }
}

describe('a connection whose vendor is away', () => {
  it('asks once for all who wait, and not again at once', async () => {
    const { state, connection } = away()
    const asked = await Promise.allSettled([connection.ready(), connection.ready()])
    assert.deepEqual(
      asked.map(({ status }) => status),
      ['rejected', 'rejected'],
    )
    await assert.rejects(connection.ready(), { failure: 'unavailable' })
    assert.equal(state.calls, 1)
  })

  it('sees within 15 seconds that it is back, also after hours', async () => {
    const { state, connection } = away()
    for (const end = 3 * 3_600_000; state.now < end; state.now += 1_000)
      await assert.rejects(connection.ready(), { failure: 'unavailable' })
    assert.ok(state.calls > 700 && state.calls < 1_500, `${state.calls} calls in three hours`)
    state.isBack = true
    state.now += 15_000
    assert.equal((await connection.ready()).id, '1')
  })
})
