import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { backoffMs, triesAfter } from '../../../src/provisioning/backoff.ts'

describe('tries that failed', () => {
  it('are counted one by one when each waits for its turn, however the waits fall out', () => {
    for (const random of [() => 0, () => 0.5, () => 1]) {
      let attempts = 0
      for (let tries = 1; tries <= 30; tries++) {
        attempts = triesAfter({ attempts, ...(tries > 1 && { settledMsAgo: backoffMs(attempts, random) }) })
        assert.equal(attempts, tries)
      }
    }
  })

  it('are not used up by somebody who asks ten times a second', () => {
    let [attempts, counted] = [0, -Infinity]
    for (let now = 0; now <= 10_000; now += 100) {
      const before = attempts
      attempts = triesAfter({ attempts, settledMsAgo: 100 })
      if (attempts > before) counted = now
    }
    assert.deepEqual([attempts, counted], [1, 0])
  })

  it('count at once after a new wish', () => {
    assert.equal(triesAfter({ attempts: 0, settledMsAgo: 1 }), 1)
  })
})
