import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'
import { describe, it, type TestContext } from 'node:test'
import type { Lease } from '../../../src/model/work.ts'
import { startLoop } from '../../../src/provisioning/engine.ts'

type Leased = { readonly lease: Pick<Lease, 'id'>; readonly connectionId?: string }

/** A loop over a queue that gives what `claim` gives; waits for nothing by time. */
function started(t: TestContext, claim: () => Promise<readonly Leased[]>) {
  let claims = 0
  const worker = startLoop<Leased>({
    what: 'account',
    log: { error: () => {} },
    pollMs: 60_000,
    gatherMs: 0,
    drainMs: 1_000,
    places: () => 2,
    claim: () => {
      claims++
      return claim()
    },
    idOf: ({ lease }) => lease.id,
    run: async () => {},
  })
  t.after(() => worker.close())
  return { worker, claims: () => claims }
}

async function turns(): Promise<void> {
  for (let n = 0; n < 50; n++) await turn()
}

describe('the loop of a worker', () => {
  it('looks once more for each wake while the store is away, and not again and again', async (t) => {
    const { worker, claims } = started(t, () => Promise.reject(new Error('away')))
    await turns()
    assert.equal(claims(), 1)
    assert.equal(worker.alive(), false)
    worker.wake()
    await turns()
    assert.equal(claims(), 2)
    worker.wake()
    await turns()
    assert.equal(claims(), 3)
  })

  it('is woken by a run that ends, and looks at once', async (t) => {
    const due = [{ lease: { id: 'a' } }]
    const { worker, claims } = started(t, async () => due.splice(0))
    await turns()
    assert.ok(claims() >= 2, `${claims()} claims`)
    assert.equal(worker.alive(), true)
  })
})
