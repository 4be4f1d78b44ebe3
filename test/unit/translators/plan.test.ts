import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Deviation, Held, Snapshot, Wanted } from '../../../src/model/plan.ts'
import { intentsFor, plan } from '../../../src/translators/plan.ts'
import type { Capabilities } from '../../../src/model/capabilities.ts'
import * as a from './builders.ts'
import {
  ada,
  aHeld,
  anAccount,
  aPolicy,
  cidRole,
  falcon,
  group,
  now,
  role,
  sentry,
  switchable,
  teamRole,
  wants,
} from './builders.ts'
import type { Profile } from '../../../src/model/account.ts'
import type { Policy } from '../../../src/model/policy.ts'

function planned(
  wanted: Wanted,
  held: Held | undefined,
  can: Capabilities,
  policy: Partial<Policy> = {},
  snapshot?: Snapshot,
) {
  return plan({ wanted, held, can, policy: aPolicy(policy), snapshot, now })
}

const change = (assign: readonly a.Ref[], revoke: readonly a.Ref[] = []) => ({
  op: 'change-entitlements' as const,
  change: { assign, revoke },
})
const codes = (deviations: readonly Deviation[]): string[] => deviations.map(({ code }) => code)

describe('plan for a joiner', () => {
  it('creates with what travels along and assigns the rest after it', () => {
    const { operations, deviations } = planned(wants([cidRole('analyst')]), undefined, falcon)
    const profile = { email: ada.login, givenName: 'Ada', familyName: 'Lovelace' }
    assert.deepEqual(operations, [
      { op: 'create', draft: { login: ada.login, profile, entitlements: [] } },
      change([cidRole('analyst')]),
    ])
    assert.deepEqual(deviations, [])
  })

  it('[M-08] invites with role and teams, and defers what needs an accepted invitation', () => {
    const wanted = wants([role('manager'), group('core'), teamRole('admin', 'core')])
    const { operations, deviations } = planned(wanted, undefined, sentry)
    const draft = {
      login: ada.login,
      profile: { email: ada.login },
      entitlements: [role('manager'), group('core')],
    }
    assert.deepEqual(operations, [{ op: 'create', draft }])
    assert.deepEqual(codes(deviations), ['entitlement-deferred', 'attribute-not-kept'])
  })

  it('[M-08] defers the same while the invitation is open, and assigns once it is accepted', () => {
    const wanted = wants([teamRole('admin', 'core')])
    const invited = planned(wanted, aHeld({ state: 'invited' }), sentry)
    assert.deepEqual(
      [invited.operations, codes(invited.deviations)],
      [[], ['entitlement-deferred', 'attribute-not-kept']],
    )
    assert.deepEqual(planned(wanted, aHeld(), sentry).operations, [change([teamRole('admin', 'core')])])
  })

  it('brings nobody to a mapped connection only because a rule does not resolve', () => {
    const frozenOnly = wants([], { frozen: ['role:gone'] })
    assert.deepEqual(planned(frozenOnly, undefined, falcon, { people: 'mapped' }).operations, [])
    assert.equal(planned(frozenOnly, undefined, falcon).operations.length, 1)
  })
})

describe('plan for a profile', () => {
  const profiles: {
    when: string
    held: Profile
    wanted: Profile
    can: Capabilities
    update?: object
    codes?: string[]
  }[] = [
    {
      when: 'nothing differs but letter case of the login',
      held: { email: 'ADA@corp.example', givenName: 'A' },
      wanted: { email: 'ada@corp.example', givenName: 'A' },
      can: switchable,
    },
    {
      when: 'one of two names differs',
      held: { givenName: 'A', familyName: 'L' },
      wanted: { givenName: 'Ada', familyName: 'L' },
      can: falcon,
      update: { givenName: 'Ada', familyName: 'L' },
    },
    {
      when: 'a required name is not known',
      held: { givenName: '-', familyName: 'L' },
      wanted: { familyName: 'King' },
      can: falcon,
      update: { givenName: '-', familyName: 'King' },
    },
    {
      when: 'a required name is no longer sent',
      held: { givenName: 'A', familyName: 'L' },
      wanted: {},
      can: falcon,
    },
    {
      when: 'another attribute is no longer sent',
      held: { givenName: 'A' },
      wanted: {},
      can: switchable,
      update: { givenName: null },
    },
    {
      when: 'an attribute was set for good',
      held: { displayName: 'Ada L' },
      wanted: { displayName: 'Ada K' },
      can: switchable,
      codes: ['attribute-immutable'],
    },
    {
      when: 'an attribute is the vendor’s to set',
      held: { displayName: 'L' },
      wanted: { displayName: 'K' },
      can: sentry,
      codes: ['attribute-not-kept'],
    },
    {
      when: 'an attribute of the vendor happens to be right',
      held: { displayName: 'L' },
      wanted: { displayName: 'L' },
      can: sentry,
    },
    {
      when: 'several attributes are not kept',
      held: {},
      wanted: { givenName: 'A', familyName: 'L' },
      can: sentry,
      codes: ['attribute-not-kept'],
    },
  ]
  for (const { when, held, wanted, can, update, codes: expected = [] } of profiles) {
    it(`${update ? `updates ${JSON.stringify(update)}` : 'writes nothing'} when ${when}`, () => {
      const profile = { email: ada.login, userName: ada.login }
      const result = planned(
        wants([], { person: { ...ada, profile: { ...profile, ...wanted } } }),
        aHeld({ profile: { ...profile, ...held } }),
        can,
      )
      assert.deepEqual(result.operations, update ? [{ op: 'update', change: update }] : [])
      assert.deepEqual(codes(result.deviations), expected)
    })
  }

  it('keeps a login that cannot change and still writes the rest', () => {
    const person = {
      ...ada,
      login: 'ada@new.example',
      profile: { ...ada.profile, email: 'ada@new.example', givenName: 'A.' },
    }
    const { operations, deviations } = planned(wants([], { person }), aHeld(), falcon)
    assert.deepEqual(operations, [{ op: 'update', change: { givenName: 'A.', familyName: 'Lovelace' } }])
    assert.deepEqual(codes(deviations), ['login-immutable'])
  })

  it('compares the login with the attribute that holds it, whatever userName says', () => {
    const person = { ...ada, profile: { ...ada.profile, userName: 'ada' } }
    const byUserName: Capabilities = {
      ...falcon,
      correlateBy: ['userName'],
      attributes: { userName: { mutability: 'immutable' } },
    }
    const held = aHeld({ profile: { userName: 'Ada@corp.example' } })
    assert.deepEqual(codes(planned(wants([], { person }), held, byUserName).deviations), [
      'attribute-not-kept',
    ])
  })
})

describe('plan for entitlements', () => {
  it('never revokes what Drawbridge did not grant, unless the connection is exclusive', () => {
    const held = aHeld({ entitlements: [cidRole('by-hand'), cidRole('ours')] }, [cidRole('ours')])
    assert.deepEqual(planned(wants(), held, falcon).operations, [change([], [cidRole('ours')])])
    assert.deepEqual(planned(wants(), held, falcon, { exclusive: true }).operations, [
      change([], [cidRole('by-hand'), cidRole('ours')]),
    ])
  })

  it('freezes what a rule granted that does not resolve now, and its kind under exclusive', () => {
    const held = aHeld({ entitlements: [cidRole('frozen'), cidRole('by-hand'), cidRole('gone')] }, [
      cidRole('frozen'),
      cidRole('gone'),
    ])
    const wanted = wants([], { frozen: [a.requestOf(cidRole('frozen'))] })
    assert.deepEqual(planned(wanted, held, falcon).operations, [change([], [cidRole('gone')])])
    assert.deepEqual(planned(wanted, held, falcon, { exclusive: true }).operations, [
      change([], [cidRole('gone')]),
    ])
  })

  it('freezes what was granted for a reason that nobody knows while its kind has an unresolved right side', () => {
    const held = {
      ...aHeld({ entitlements: [cidRole('ours')] }),
      granted: [{ key: a.requestOf(cidRole('ours')), wishes: [] }],
    }
    assert.deepEqual(planned(wants([], { frozen: ['role:gone'] }), held, falcon).operations, [])
    assert.deepEqual(planned(wants([], { frozen: ['group:gone'] }), held, falcon).operations, [
      change([], [cidRole('ours')]),
    ])
  })

  it('leaves alone what has ended', () => {
    const ended = { ...cidRole('analyst'), until: '2026-11-21T11:00:00.000Z' }
    assert.deepEqual(
      planned(wants(), aHeld({ entitlements: [ended] }), falcon, { exclusive: true }).operations,
      [],
    )
  })

  it('does not replace the one role that is frozen', () => {
    const held = aHeld({ entitlements: [role('manager')] })
    const frozen = [a.requestOf(role('manager'))]
    assert.deepEqual(planned(wants([role('member')], { frozen }), held, sentry).operations, [])
    assert.deepEqual(planned(wants([role('member')]), held, sentry).operations, [change([role('member')])])
  })

  it('takes an inherited entitlement for held, never revokes it, and says so where it should go', () => {
    const inherited = { ...cidRole('analyst'), inherited: true }
    assert.deepEqual(planned(wants([cidRole('analyst')]), aHeld({ entitlements: [inherited] }), falcon), {
      operations: [],
      deviations: [],
    })
    const ours = aHeld({ entitlements: [inherited] }, [cidRole('analyst')])
    const { operations, deviations } = planned(wants(), ours, falcon)
    assert.deepEqual([operations, codes(deviations)], [[], ['entitlement-inherited']])
  })

  it('revokes the direct one of an entitlement that is inherited too', () => {
    const entitlements = [cidRole('analyst'), { ...cidRole('analyst'), inherited: true }]
    const held = aHeld({ entitlements }, [cidRole('analyst')])
    assert.deepEqual(planned(wants(), held, falcon).operations, [change([], [cidRole('analyst')])])
  })

  it('assigns anew what ends before it should, or has ended', () => {
    const temporary = { ...cidRole('analyst'), until: '2026-11-21T13:00:00.000Z' }
    const ended = { ...cidRole('analyst'), until: '2026-11-21T11:00:00.000Z' }
    for (const each of [temporary, ended]) {
      const held = aHeld({ entitlements: [each] }, [])
      assert.deepEqual(planned(wants([cidRole('analyst')]), held, falcon).operations, [
        change([cidRole('analyst')]),
      ])
      assert.deepEqual(planned(wants(), held, falcon).operations, [])
    }
    const longer = wants([{ ...cidRole('analyst'), until: '2026-11-21T12:30:00.000Z' }])
    assert.deepEqual(planned(longer, aHeld({ entitlements: [temporary] }, []), falcon).operations, [])
  })

  it('grants, then revokes, by scope and in the sizes that the vendor takes', () => {
    const small: Capabilities = {
      ...falcon,
      entitlements: { role: a.support({ perAssign: 2, perRevoke: 1 }) },
    }
    const wanted = wants([cidRole('1'), cidRole('2'), cidRole('x', 'cid-b'), cidRole('3')])
    const held = aHeld({ entitlements: [cidRole('8'), cidRole('9')] })
    assert.deepEqual(planned(wanted, held, small).operations, [
      change([cidRole('1'), cidRole('2')]),
      change([cidRole('3')]),
      change([cidRole('x', 'cid-b')]),
      change([], [cidRole('8')]),
      change([], [cidRole('9')]),
    ])
  })

  it('carries everything at once as soon as something is replaced whole', () => {
    const held = aHeld({ entitlements: [role('member'), group('old')] })
    assert.deepEqual(planned(wants([role('manager'), group('new')]), held, sentry).operations, [
      change([role('manager'), group('new')], [group('old')]),
    ])
  })

  it('never takes the floor away', () => {
    const held = aHeld({ entitlements: [role('member')] })
    assert.deepEqual(planned(wants(), held, sentry, { exclusive: true }).operations, [])
  })
})

describe('intentsFor', () => {
  it('names every difference', () => {
    const account = anAccount({
      state: 'disabled',
      profile: { ...ada.profile, givenName: 'A' },
      entitlements: [group('old')],
    })
    const held = aHeld(account)
    const circumstances = { can: switchable, policy: aPolicy(), now }
    assert.deepEqual(intentsFor({ wanted: wants([group('new')]), held, ...circumstances }).intents, [
      { kind: 'activate' },
      { kind: 'update-profile', change: { givenName: 'Ada' } },
      { kind: 'assign', entitlement: group('new') },
      { kind: 'revoke', entitlement: group('old') },
    ])
    assert.deepEqual(intentsFor({ wanted: wants(), held: undefined, ...circumstances }).intents, [
      { kind: 'provision' },
    ])
  })
})
