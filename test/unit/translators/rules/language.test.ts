import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { matching } from '../../../../src/config/matching.ts'
import { entitlementsFor } from '../../../../src/translators/rules/rules.ts'
import { subjectOf } from '../../../../src/translators/wanted.ts'
import { processorMs } from '../../../support/processor-time.ts'
import { entry, group, now, role, sentry, teamRole } from '../builders.ts'
import { entitlementKey } from '../../../../src/model/account.ts'
import type { GroupRef } from '../../../../src/model/person.ts'
import type { Policy, Rule } from '../../../../src/model/policy.ts'

const teams = [
  ...['member', 'manager', 'owner'].map((id) => entry(role(id))),
  ...['core', 'web'].flatMap((id) => [entry(group(id)), entry(teamRole('admin', id), 'Team Admin')]),
]
const hour = 3_600_000
const ago = (ms: number): string => new Date(Date.parse(now) - ms).toISOString()
const ahead = (ms: number): string => ago(-ms)

const in_ = (...names: readonly (string | [string, number])[]): readonly GroupRef[] =>
  names.map((each) => {
    const [displayName, since] = typeof each === 'string' ? [each, 0] : each
    return { id: displayName, displayName, externalId: `x-${displayName}`, since: ago(since) }
  })

interface Given {
  readonly groups?: readonly GroupRef[]
  readonly resource?: Readonly<Record<string, unknown>>
  readonly rules: readonly Rule[]
  readonly byDefault?: Policy['default']
  readonly connection?: string
}

function grants({ groups = [], resource = {}, rules, byDefault = {}, connection }: Given) {
  return entitlementsFor({
    subject: subjectOf({ resource, groups }),
    policy: { rules, default: byDefault },
    catalogue: teams,
    can: sentry,
    matching,
    now,
    connection,
  })
}

function keys(given: Given): readonly string[] {
  return grants(given).entitlements.map(({ ref }) =>
    ref.until === undefined ? entitlementKey(ref) : `${entitlementKey(ref)} until ${ref.until}`,
  )
}

const enterprise = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User'
const finance = { [enterprise]: { department: 'Finance' }, title: 'Lead' }
const appRole = JSON.stringify({ id: 'c1', value: 'manager', displayName: 'Manager' })

describe('the rule language', () => {
  const cases: readonly (Given & { readonly when: string; readonly keys: readonly string[] })[] = [
    {
      when: 'a pattern captures the team',
      groups: in_('sentry-team-core', 'sentry-team-web', 'other'),
      rules: [{ group: '/^sentry-team-(?<team>.+)$/', team: '{team}' }],
      keys: ['group:core', 'group:web'],
    },
    {
      when: 'a pattern fills in the scope',
      groups: in_('core leads'),
      rules: [{ group: '/^(?<team>[a-z]+) leads$/', role: 'Team Admin', scope: { team: '{team}' } }],
      keys: ['group:core', 'role:admin@team:core'],
    },
    {
      when: 'letter case counts in a pattern',
      groups: in_('CORE'),
      rules: [{ group: '/^core$/', team: 'core' }],
      keys: [],
    },
    {
      when: 'a pattern says that letter case does not count',
      groups: in_('CORE'),
      rules: [{ group: '/^core$/i', team: 'core' }],
      keys: ['group:core'],
    },
    {
      when: 'a name with slashes and braces is no pattern',
      groups: in_('a/b'),
      rules: [{ group: 'a/b', team: 'core' }],
      keys: ['group:core'],
    },
    {
      when: 'a filter matches an attribute of an extension',
      resource: finance,
      rules: [
        { attribute: 'department eq "finance" and title co "lead"', role: 'manager' },
        { attribute: 'department eq "Sales"', team: 'core' },
      ],
      keys: ['role:manager'],
    },
    {
      when: 'a filter looks at the groups',
      groups: in_('core'),
      rules: [{ attribute: 'groups.display eq "core"', team: 'core' }],
      keys: ['group:core'],
    },
    {
      when: 'values of roles name a role and a team',
      resource: { roles: [{ value: 'Manager', primary: 'True' }], entitlements: [{ value: 'web' }] },
      rules: [{ roles: '*' }],
      keys: ['role:manager', 'group:web'],
    },
    {
      when: 'a value is JSON text, as Entra ID sends it',
      resource: { roles: [{ value: appRole }] },
      rules: [{ roles: '*' }],
      keys: ['role:manager'],
    },
    {
      when: 'a value is an id of the published catalogue, escaped',
      resource: { entitlements: [{ value: 'prod~role~admin~team~core' }, { value: 'other~role~owner' }] },
      rules: [{ roles: '*' }],
      connection: 'prod',
      keys: ['group:core', 'role:admin@team:core'],
    },
    {
      when: 'one value is meant, letter case aside',
      resource: { roles: [{ value: 'Boss' }, { value: 'manager' }] },
      rules: [{ roles: 'boss', role: 'owner' }],
      keys: ['role:owner'],
    },
    {
      when: 'a value fills a template',
      resource: { entitlements: [{ value: 'web' }] },
      rules: [{ roles: '*', team: '{value}' }],
      keys: ['group:web'],
    },
    {
      when: 'an exception cancels the rule',
      groups: in_('A', 'Contractors'),
      rules: [
        { group: 'A', team: 'core', except: ['contractors'] },
        { group: 'A', team: 'web', except: ['/^Guests/'] },
      ],
      keys: ['group:web'],
    },
    {
      when: 'the first rule of a slot counts, whatever its kind of left side',
      groups: in_('A'),
      resource: { ...finance, roles: [{ value: 'owner' }] },
      rules: [{ attribute: 'title pr', role: 'manager' }, { group: 'A', role: 'member' }, { roles: '*' }],
      keys: ['role:manager'],
    },
    {
      when: 'a duration counts from the membership',
      groups: in_(['A', hour]),
      rules: [{ group: 'A', team: 'core', until: '24h' }],
      keys: [`group:core until ${ahead(23 * hour)}`],
    },
    {
      when: 'the time is over',
      groups: in_(['A', 24 * hour]),
      rules: [{ group: 'A', team: 'core', until: '24h' }],
      keys: [],
    },
    {
      when: 'a date counts to its end',
      groups: in_('A'),
      rules: [
        { group: 'A', team: 'core', until: now.slice(0, 10) },
        { group: 'A', team: 'web', until: '2020-01-01' },
      ],
      keys: [`group:core until ${new Date(Date.parse(now.slice(0, 10)) + 24 * hour).toISOString()}`],
    },
    {
      when: 'the name of the group says how long',
      groups: in_(['core-2h', hour], ['web', hour]),
      rules: [{ group: '/^(?<team>core|web)/', team: '{team}', until: 'suffix' }],
      keys: [`group:core until ${ahead(hour)}`],
    },
    {
      when: 'the longer of two rules counts, and no end is longest',
      groups: in_(['A', 0], ['B', 0]),
      rules: [
        { group: 'A', team: 'core', until: '1h' },
        { group: 'B', team: 'core', until: '2h' },
        { group: 'A', team: 'web', until: '1h' },
        { group: 'B', team: 'web' },
      ],
      keys: [`group:core until ${ahead(2 * hour)}`, 'group:web'],
    },
    {
      when: 'the time of the first in a slot is over, the next counts',
      groups: in_(['A', 2 * hour]),
      rules: [
        { group: 'A', role: 'owner', until: '1h' },
        { group: 'A', role: 'manager' },
      ],
      keys: ['role:manager'],
    },
  ]
  for (const { when, keys: expected, ...given } of cases) {
    it(`grants [${expected.join(', ')}] when ${when}`, () => assert.deepEqual(keys(given), expected))
  }

  it('says when time alone changes something, also where a longer rule covers it', () => {
    const rules = [
      { group: 'A', role: 'owner', until: '1h' },
      { group: 'A', role: 'owner' },
    ]
    assert.equal(grants({ groups: in_('A'), rules }).changesAt, ahead(hour))
  })

  it('says the earliest of several ends, whatever the order of the rules', () => {
    const until = (group: string, hours: number): Rule => ({ group, team: 'core', until: `${hours}h` })
    const rules = [until('A', 2), until('B', 1), until('C', 3)]
    for (const given of [rules, rules.toReversed()]) {
      assert.equal(grants({ groups: in_('A', 'B', 'C'), rules: given }).changesAt, ahead(hour))
    }
  })

  it('lets the first rule decide a setting, the default last', () => {
    const rules = [
      { group: 'A', set: { first: true } },
      { group: 'A', set: { first: false, second: 1 } },
      { group: 'B', set: { third: true } },
    ]
    const byDefault = { set: { second: 2, fourth: true } }
    assert.deepEqual(grants({ groups: in_('A'), rules, byDefault }).settings, {
      first: true,
      second: 1,
      fourth: true,
    })
  })

  it('freezes a value in every kind that it may have meant, and doubts it', () => {
    const { frozen, doubtful } = grants({ resource: { roles: [{ value: 'gone' }] }, rules: [{ roles: '*' }] })
    assert.deepEqual(frozen, ['role:gone', 'group:gone'])
    assert.deepEqual(doubtful, frozen)
  })

  it('takes the membership of a role in a team to be as long as the role', () => {
    const rules = [{ group: 'A', role: 'Team Admin', scope: { team: 'core' }, until: '1h' }]
    const ends = grants({ groups: in_('A'), rules }).entitlements.map(({ ref }) => ref.until)
    assert.deepEqual(ends, [ahead(hour), ahead(hour)])
  })

  it('never takes a missing reader or clock for a mismatch', () => {
    const read = (rule: Rule) => () =>
      entitlementsFor({
        subject: { groups: in_('A'), resource: {} },
        policy: { rules: [rule], default: {} },
        catalogue: teams,
        can: sentry,
      })
    assert.throws(read({ group: '/A/', team: 'core' }))
    assert.throws(read({ attribute: 'title pr', team: 'core' }))
    assert.throws(read({ group: 'A', team: 'core', until: '1h' }))
  })

  it('matches patterns in time that grows with the text alone', () => {
    const hostile = `${'a'.repeat(5_000)}!`
    const tookMs = processorMs(() =>
      assert.deepEqual(keys({ groups: in_(hostile), rules: [{ group: '/^(a+)+$/', team: 'core' }] }), []),
    )
    assert.ok(tookMs < 2_000)
  })
})
