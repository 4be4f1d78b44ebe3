import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { VendorError, type Failure } from '../../../src/model/errors.ts'
import { policyAs, targetOf } from '../../../src/provisioning/api-profile.ts'
import type { ConnectionStore } from '../../../src/model/work.ts'
import type { Target } from '../../../src/vendors/contract.ts'
import { aPolicy } from '../../support/configuration.ts'
import { acme } from '../config/vendors.ts'
import type { ApiProfile } from '../../../src/model/account.ts'

type Answer = boolean | VendorError | undefined

const failing = (failure: Failure, status?: number): VendorError =>
  new VendorError(failure, 'no', { vendor: 'acme', operation: 'probe', status })

function ask(answers: Partial<Record<ApiProfile, Answer>>, kept?: ApiProfile) {
  const asked: ApiProfile[] = []
  const store = {
    profile: async () => kept && { profile: kept, at: '2026-01-01T00:00:00Z' },
    keepProfile: async (_: string, profile: ApiProfile) => void asked.push(profile),
  } as Partial<ConnectionStore> as ConnectionStore
  const connect = (profile: ApiProfile): Target => {
    const answer = answers[profile]
    const probe = async (): Promise<boolean> => {
      if (typeof answer === 'boolean') return answer
      throw answer
    }
    return {
      capabilities: acme.capabilities(profile),
      ...(answer === undefined ? {} : { probe }),
    } as Partial<Target> as Target
  }
  const vendor = { ...acme, profiles: ['current', 'legacy', 'guide'] as const }
  const result = targetOf({ id: 'id', vendor, apiProfile: 'auto' }, store, connect)
  return { result, asked }
}

describe('the API profile', () => {
  for (const [what, answers, expected] of [
    ['the first that answers', { current: true, guide: true }, 'current'],
    ['the next after a 404', { current: failing('not-found', 404), legacy: true }, 'legacy'],
    [
      'the last after a 405 and an answer of another form',
      { current: failing('unexpected', 405), legacy: false, guide: true },
      'guide',
    ],
  ] as const) {
    it(`is ${what}, and is kept`, async () => {
      const { result, asked } = ask(answers)
      assert.equal((await result).profile, expected)
      assert.deepEqual(asked, [expected])
    })
  }

  it('is the kept one, without a question', async () => {
    const { result, asked } = ask({ current: true }, 'guide')
    assert.equal((await result).profile, 'guide')
    assert.deepEqual(asked, [])
  })

  it('is the first where a vendor has no probe', async () => {
    assert.equal((await ask({}).result).profile, 'current')
  })

  for (const [given, expected] of [
    [failing('unavailable', 503), 'unavailable'],
    [failing('unauthenticated', 401), 'unauthenticated'],
    [failing('rate-limited', 429), 'rate-limited'],
    [failing('forbidden', 403), 'unexpected'],
    [failing('invalid', 400), 'unexpected'],
    [failing('unexpected', 200), 'unexpected'],
  ] as const) {
    it(`stays open after ${given.status}: nothing is tried further, and nobody fails for good`, async () => {
      const { result, asked } = ask({ current: given, legacy: true })
      await assert.rejects(result, { failure: expected })
      assert.deepEqual(asked, [])
    })
  }

  it('stays open where none is spoken', async () => {
    const none = failing('not-found', 404)
    await assert.rejects(ask({ current: none, legacy: none, guide: none }).result, { failure: 'unexpected' })
  })
})

describe('the default steps of a shut-out', () => {
  const spoken = (profile: ApiProfile) =>
    ({ profile, target: { capabilities: acme.capabilities(profile) } as Partial<Target> as Target }) as const
  const spec = (inactive: readonly ('strip' | 'remove')[], apiProfile: 'auto' | ApiProfile = 'auto') => {
    const policy = aPolicy({ deprovision: { inactive, deleted: ['remove'], graceDays: 0 } })
    return { id: 'id', vendor: acme, apiProfile, settings: {}, policy } as const
  }

  it('try the off switch first where the guide was found to be spoken', () => {
    const { deprovision } = policyAs(spoken('guide'), spec(['strip']))
    assert.deepEqual(deprovision, { inactive: ['disable', 'strip'], deleted: ['remove'], graceDays: 0 })
  })

  it('stay as they are in other profiles, and where the connection names its own', () => {
    assert.deepEqual(policyAs(spoken('current'), spec(['strip'])).deprovision.inactive, ['strip'])
    assert.deepEqual(policyAs(spoken('guide'), spec(['remove'])).deprovision.inactive, ['remove'])
    assert.deepEqual(policyAs(spoken('guide'), spec(['strip'], 'guide')).deprovision.inactive, ['strip'])
  })
})
