import assert from 'node:assert/strict'
import { it } from 'node:test'
import { nextStep, stepsOf, type Step } from '../../../src/scim/bulk/operation.ts'

/** Steps that are left, and how many of them were looked at. */
class Looked extends Set<Step> {
  looks = 0;
  override *[Symbol.iterator](): SetIterator<Step> {
    for (const step of super[Symbol.iterator]()) {
      this.looks++
      yield step
    }
  }
}

it('looks at each of a thousand operations once for each that is done, however they wait for each other', () => {
  const count = 1_000
  const operations = Array.from({ length: count }, (_, n) => ({
    method: 'POST' as const,
    path: '/Users',
    bulkId: `u${n}`,
    version: undefined,
    data: n + 1 < count ? { manager: `bulkId:u${n + 1}` } : {},
  }))
  const { all } = stepsOf(operations, [])
  const open = new Looked(all)
  for (let step = nextStep(open); step; step = nextStep(open)) {
    step.id = 'made'
    step.done = true
    open.delete(step)
  }
  assert.equal(open.size, 0)
  assert.ok(open.looks <= (count * (count + 1)) / 2, `${open.looks} looks`)
})
