import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { entitlementsFor } from '../../../src/translators/rules/rules.ts'
import { roleOf } from '../../../src/vendors/sentry/wire.ts'
import { role, useSentry } from './support.ts'
import { entitlementKey } from '../../../src/model/account.ts'
import type { Rule } from '../../../src/model/policy.ts'

for (const profile of ['current', 'guide'] as const) {
  describe(`rules at Sentry (${profile})`, () => {
    const { target, state, writes } = useSentry(profile)

    async function granted(right: Omit<Rule, 'group'>) {
      const person = { groups: [{ id: 'g1', displayName: 'Backend' }] }
      const policy = { rules: [{ group: 'Backend', ...right }], default: {} }
      const catalogue = await target().catalogue()
      const grants = entitlementsFor({
        subject: person,
        policy,
        catalogue,
        can: target().capabilities,
      })
      return {
        keys: grants.entitlements.map(({ ref }) => entitlementKey(ref)),
        deviations: grants.deviations.map(({ code }) => code),
      }
    }

    it('[R4-07] send roles as Sentry spells them, however a rule writes them', async () => {
      assert.deepEqual(await granted({ role: 'Manager' }), { keys: ['role:manager'], deviations: [] })
    })

    it('[R4-28] find the team that is there by its name or its slug', async () => {
      for (const team of ['Backend', 'backend']) {
        assert.deepEqual(await granted({ team }), { keys: ['group:backend'], deviations: [] })
      }
    })

    it('[R4-22] make no team: an unknown one is a deviation, without any call that writes', async () => {
      assert.deepEqual(await granted({ team: 'data-science' }), {
        keys: [],
        deviations: ['entitlement-unknown'],
      })
      assert.deepEqual(writes(), [])
    })

    it('[R4-33] can grant owner, which native SCIM cannot', async () => {
      assert.deepEqual((await granted({ role: 'owner' })).keys, ['role:owner'])
      const { id } = state().addMember({ email: 'ada@acme.example' })
      await target().changeEntitlements(id, { assign: [role('owner')], revoke: [] })
      assert.equal(state().members.get(id)?.orgRole, 'owner')
    })

    it('[R4-06] never change an e-mail address: Sentry has no way', async () => {
      const { id } = state().addMember({ email: 'ada@acme.example' })
      await assert.rejects(target().update(id, { email: 'lovelace@acme.example' }), {
        failure: 'unsupported',
      })
      assert.deepEqual(writes(), [])
    })
  })
}

describe('a member of Sentry', () => {
  it('[R4-08] tells its role as orgRole or as role', () => {
    const member = { id: '1', email: 'ada@acme.example' }
    assert.equal(roleOf({ ...member, orgRole: 'manager' }), 'manager')
    assert.equal(roleOf({ ...member, role: 'manager' }), 'manager')
  })
})
