import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createCrowded } from '../../../src/store/directory/large-groups.ts'

describe('a Group that was too large to be shown', () => {
  it('is not counted again while more are left than were taken out', () => {
    const crowded = createCrowded(() => 0)
    crowded.counted('g', 100, 3)
    assert.equal(crowded.holds('g', 100, 2), true)
    assert.equal(crowded.holds('g', 100, 3), false)
    crowded.moved('g', -2)
    assert.equal(crowded.holds('g', 100, 0), true)
    assert.equal(crowded.holds('g', 100, 1), false)
  })

  it('is counted again after a while, for another bound, and once it was small', () => {
    let now = 0
    const crowded = createCrowded(() => now)
    crowded.counted('g', 100, 11)
    assert.equal(crowded.holds('g', 50, 0), false)
    now = 30_000
    assert.equal(crowded.holds('g', 100, 0), false)
    crowded.counted('g', 100, 11)
    crowded.counted('g', 100, 0)
    assert.equal(crowded.holds('g', 100, 0), false)
  })
})
