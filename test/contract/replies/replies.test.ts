import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { vendors } from '../../../src/vendors/registry.ts'
import { generatedFor } from './generated.ts'
import { handed } from './handed.ts'
import { tryOut, type Trial } from './stage.ts'

/** Of the generated ones `npm run test:replies` tries all, and this every so many. */
const every = 97

describe('odd replies', { timeout: 300_000 }, () => {
  it('that stopped something once stop nothing that they do not concern', async (t) => {
    const verdicts = await tryOut(t, handed)
    for (const { trial, isSent, faults } of verdicts) {
      const { vendor, change } = trial
      assert.equal(isSent, true, `${vendor} ${change.id} was never sent`)
      assert.deepEqual(faults, [], `${vendor} ${change.id}`)
    }
  })

  it('made from the shapes of every vendor and profile prove no removal that did not happen', async (t) => {
    const trials: Trial[] = []
    for (const vendor of vendors) {
      for (const profile of vendor.profiles) {
        const all = await generatedFor(vendor, profile)
        assert.ok(all.length > 100, `${vendor.id} ${profile}: ${all.length} odd replies`)
        trials.push(...all.filter((_, at) => at % every === 0))
      }
    }
    for (const { trial, faults } of await tryOut(t, trials))
      assert.deepEqual(
        faults.filter((fault) => fault.includes('has access')),
        [],
        `${trial.vendor} ${trial.profile} ${trial.change.id}`,
      )
  })
})
