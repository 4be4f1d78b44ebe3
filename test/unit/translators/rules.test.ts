import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { requestKey } from '../../../src/translators/entitlements/catalogue.ts'
import { requestsOf } from '../../../src/translators/rules/right-side.ts'
import { entitlementsFor } from '../../../src/translators/rules/rules.ts'
import { cidRole, entry, falcon, group, role, sentry, teamRole } from './builders.ts'
import { type Entitlement, entitlementKey } from '../../../src/model/account.ts'
import type { GroupRef } from '../../../src/model/person.ts'
import type { DefaultGrant, Rule } from '../../../src/model/policy.ts'

const catalogue: readonly Entitlement[] = [
  entry(role('member'), 'Member'),
  entry(role('manager'), 'Manager'),
  entry(group('core'), 'Core Team'),
  entry(teamRole('admin', 'core'), 'Team Admin'),
  entry(group('web'), 'Web'),
  entry(teamRole('admin', 'web'), 'Team Admin'),
  entry(group('web-2'), 'web'),
]
const falconRoles = [
  entry(cidRole('falcon_admin', 'home'), 'Falcon Administrator'),
  entry(cidRole('analyst', 'home'), 'Analyst'),
  entry(cidRole('analyst', 'child'), 'Analyst'),
  entry(cidRole('only_child', 'child'), 'Only Child'),
]

const inGroups = (...names: string[]): { groups: GroupRef[] } => ({
  groups: names.map((displayName) => ({ id: displayName, displayName, externalId: `x-${displayName}` })),
})

function granted(groups: string[], rules: readonly Rule[], byDefault: DefaultGrant = {}, can = sentry) {
  const { entitlements, ...rest } = entitlementsFor({
    subject: inGroups(...groups),
    policy: { rules, default: byDefault },
    catalogue,
    can,
  })
  return { keys: entitlements.map(({ ref }) => entitlementKey(ref)), entitlements, ...rest }
}

describe('entitlementsFor', () => {
  const cases: { when: string; groups: string[]; rules: Rule[]; byDefault?: DefaultGrant; keys: string[] }[] =
    [
      {
        when: 'names differ in letter case',
        groups: ['ADMINS'],
        rules: [{ group: 'admins', role: 'MANAGER' }],
        keys: ['role:manager'],
      },
      {
        when: 'the external id is meant',
        groups: ['Eng'],
        rules: [{ group: 'externalId:x-Eng', team: 'core' }],
        keys: ['group:core'],
      },
      {
        when: 'the external id differs in letter case',
        groups: ['Eng'],
        rules: [{ group: 'externalId:X-ENG', team: 'core' }],
        keys: [],
      },
      {
        when: 'the group is another',
        groups: ['Eng'],
        rules: [{ group: 'Engineering', team: 'core' }],
        keys: [],
      },
      {
        when: 'several rules grant teams',
        groups: ['A', 'B'],
        rules: [
          { group: 'A', team: 'Core Team' },
          { group: 'B', vendorGroup: 'web-2' },
        ],
        keys: ['group:core', 'group:web-2'],
      },
      {
        when: 'several rules grant the one role',
        groups: ['A', 'B'],
        rules: [
          { group: 'B', role: 'manager' },
          { group: 'A', role: 'member' },
        ],
        keys: ['role:manager'],
      },
      {
        when: 'a rule beats the default',
        groups: ['A'],
        rules: [{ group: 'A', role: 'manager' }],
        byDefault: { role: 'member', team: 'core' },
        keys: ['role:manager', 'group:core'],
      },
      {
        when: 'only the default applies',
        groups: [],
        rules: [],
        byDefault: { role: 'Member' },
        keys: ['role:member'],
      },
      {
        when: 'an id equals the name of another entry',
        groups: ['A'],
        rules: [{ group: 'A', team: 'WEB' }],
        keys: ['group:web'],
      },
      {
        when: 'a role in a team is meant, with the membership that it needs',
        groups: ['A'],
        rules: [{ group: 'A', role: 'admin', scope: { team: 'Core Team' } }],
        keys: ['group:core', 'role:admin@team:core'],
      },
      {
        when: 'roles in several teams and of the tenant are meant',
        groups: ['A'],
        rules: [
          { group: 'A', role: 'team admin', scope: { team: 'core' } },
          { group: 'A', role: 'admin', scope: { team: 'web' } },
          { group: 'A', role: 'member' },
        ],
        keys: ['group:core', 'role:admin@team:core', 'group:web', 'role:admin@team:web', 'role:member'],
      },
    ]
  for (const { when, groups, rules, byDefault, keys } of cases) {
    it(`grants [${keys.join(', ')}] when ${when}`, () => {
      const { deviations, frozen, ...given } = granted(groups, rules, byDefault)
      assert.deepEqual(given.keys, keys)
      assert.deepEqual({ deviations, frozen }, { deviations: [], frozen: [] })
    })
  }

  it('merges the reasons and requests of whatever leads to the same entitlement', () => {
    const rules = [
      { group: 'A', team: 'core', line: 4 },
      { group: 'B', vendorGroup: 'Core Team' },
    ]
    assert.deepEqual(granted(['B', 'A'], rules, { team: 'core' }).entitlements, [
      {
        ref: group('core'),
        name: 'Core Team',
        reasons: [{ group: 'A', rule: 0, line: 4 }, { group: 'B', rule: 1 }, { rule: 'default' }],
        requests: ['group:core', 'group:core team'],
      },
    ])
  })

  it('says whether a rule, rather than the default, granted something', () => {
    const rules = [
      { group: 'A', role: 'member' },
      { group: 'B', role: 'nobody knows' },
    ]
    assert.equal(granted(['A'], rules, { role: 'member' }).matched, true)
    assert.equal(granted(['B'], rules, { role: 'member' }).matched, false)
    assert.equal(granted([], rules, { role: 'member' }).matched, false)
  })

  it('freezes what is unknown and names what is near', () => {
    const { keys, frozen, deviations } = granted(['A'], [{ group: 'A', role: 'Manger', line: 9 }])
    assert.deepEqual({ keys, frozen }, { keys: [], frozen: ['role:manger'] })
    assert.equal(deviations[0]?.code, 'entitlement-unknown')
    assert.match(deviations[0].detail, /"Manger" \(line 9\).*Nearest: "Manager"/)
  })

  it('freezes what is ambiguous and lists what could be meant', () => {
    const twice = [...catalogue, entry(group('core-2'), 'Core Team')]
    const { entitlements, frozen, deviations } = entitlementsFor({
      subject: inGroups('A'),
      policy: { rules: [{ group: 'A', team: 'core team' }], default: {} },
      catalogue: twice,
      can: sentry,
    })
    assert.deepEqual({ entitlements, frozen }, { entitlements: [], frozen: ['group:core team'] })
    assert.equal(deviations[0]?.code, 'entitlement-ambiguous')
    assert.match(deviations[0].detail, /group:core, group:core-2/)
  })

  it('reports a kind that the vendor does not have', () => {
    const { keys, deviations } = granted(['A'], [{ group: 'A', team: 'core' }], {}, falcon)
    assert.deepEqual([keys, deviations.map(({ code }) => code)], [[], ['entitlement-kind-missing']])
  })

  it('does not freeze a slot that an earlier rule has decided', () => {
    const rules = [
      { group: 'A', role: 'manager' },
      { group: 'A', role: 'gone' },
    ]
    const { frozen, deviations } = granted(['A'], rules)
    assert.deepEqual([frozen, deviations.length], [[], 1])
    assert.deepEqual(granted(['A'], rules.toReversed()).frozen, ['role:gone'])
  })

  it('never takes a role without a scope for a role in the only team', () => {
    const oneTeam = [entry(group('core')), entry(teamRole('admin', 'core'), 'Team Admin')]
    const policy = { rules: [{ group: 'A', role: 'admin' }], default: {} }
    const { entitlements, frozen } = entitlementsFor({
      subject: inGroups('A'),
      policy,
      catalogue: oneTeam,
      can: sentry,
    })
    assert.deepEqual([entitlements, frozen], [[], ['role:admin']])
  })

  const scoped: { when: string; rule: DefaultGrant; defaultCid?: string; keys: string[] }[] = [
    {
      when: 'there is a default scope',
      rule: { role: 'Analyst' },
      defaultCid: 'home',
      keys: ['role:analyst@cid:home'],
    },
    {
      when: 'the rule names a scope',
      rule: { role: 'analyst', scope: { cid: 'CHILD-7F' } },
      defaultCid: 'home',
      keys: ['role:analyst@cid:child'],
    },
    {
      when: 'only one entry exists',
      rule: { role: 'only child' },
      defaultCid: 'home',
      keys: ['role:only_child@cid:child'],
    },
    { when: 'no default scope decides', rule: { role: 'Analyst' }, keys: [] },
    {
      when: 'the role is not in that scope',
      rule: { role: 'falcon_admin', scope: { cid: 'child' } },
      keys: [],
    },
    { when: 'the level does not exist', rule: { role: 'falcon_admin', scope: { galaxy: 'home' } }, keys: [] },
  ]
  for (const { when, rule, defaultCid, keys } of scoped) {
    it(`grants [${keys.join(', ')}] in scopes when ${when}`, () => {
      const scopes =
        defaultCid === undefined ? {} : { defaultScope: { level: 'cid', id: defaultCid } as const }
      const policy = { rules: [{ group: 'A', ...rule }], default: {} }
      const { entitlements, frozen } = entitlementsFor({
        subject: inGroups('A'),
        policy,
        catalogue: falconRoles,
        can: falcon,
        ...scopes,
      })
      assert.deepEqual(
        entitlements.map(({ ref }) => entitlementKey(ref)),
        keys,
      )
      assert.equal(frozen.length, keys.length === 0 ? 1 : 0)
    })
  }

  it('takes an entry without a scope into the scope that a rule names', () => {
    const policy = { rules: [{ group: 'A', role: 'soc', scope: { site: '12' } }], default: {} }
    const { entitlements } = entitlementsFor({
      subject: inGroups('A'),
      policy,
      catalogue: [entry(role('soc'), 'SOC')],
      can: falcon,
    })
    assert.deepEqual(
      entitlements.map(({ ref }) => entitlementKey(ref)),
      ['role:soc@site:12'],
    )
  })

  it('grants the same whatever the order and repetition of the groups', () => {
    const rules: Rule[] = [
      { group: 'A', role: 'manager', team: 'core' },
      { group: 'B', role: 'member', vendorGroup: 'web' },
      { group: 'C', role: 'unknown' },
      { group: 'D', role: 'admin', scope: { team: 'web' } },
    ]
    const someGroups = fc.array(fc.constantFrom('A', 'B', 'C', 'D', 'E'))
    fc.assert(
      fc.property(someGroups, fc.infiniteStream(fc.nat()), (groups, randomness) => {
        const shuffled = [...groups, ...groups]
          .map((name) => ({ name, at: randomness.next().value ?? 0 }))
          .sort((a, b) => a.at - b.at)
          .map(({ name }) => name)
        assert.deepEqual(
          granted(shuffled, rules, { role: 'member' }),
          granted(groups, rules, { role: 'member' }),
        )
      }),
    )
  })
})

describe('requestKey', () => {
  const cases: [DefaultGrant, string][] = [
    [{ role: ' Falcon Admin ' }, 'role:falcon admin'],
    [{ role: 'SOC', scope: { site: 'EMEA' } }, 'role:soc@site:emea'],
    [{ role: 'SOC', scope: { site: 'X', account: 'Y' } }, 'role:soc@account:y@site:x'],
    [{ team: 'Core' }, 'group:core'],
    [{ vendorGroup: 'Core' }, 'group:core'],
    [{ role: 'admin', team: 'core', scope: { team: 'core' } }, 'role:admin@team:core+group:core'],
  ]
  for (const [right, key] of cases) {
    it(`writes ${JSON.stringify(right)} as ${key}`, () =>
      assert.equal(requestsOf(right).map(requestKey).join('+'), key))
  }
})
