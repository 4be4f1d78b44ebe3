import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { changed, membershipOf, toAccount } from '../../../src/vendors/sentry/target.ts'
import { role, team, teamAdmin } from './support.ts'
import { entitlementKey, type EntitlementRef } from '../../../src/model/account.ts'

const member = {
  ...{ id: '1', email: 'ada@x.example', orgRole: 'member' },
  teamRoles: [
    { teamSlug: 'backend', role: null },
    { teamSlug: 'frontend', role: 'admin' },
  ],
}
const kept = member.teamRoles

describe('changed membership', () => {
  for (const [what, assign, revoke, expected] of [
    [
      'keeps every team when the role changes',
      [role('manager')],
      [],
      { orgRole: 'manager', teamRoles: kept },
    ],
    [
      'makes an admin of a team',
      [teamAdmin('backend')],
      [],
      { orgRole: 'member', teamRoles: [{ teamSlug: 'backend', role: 'admin' }, kept[1]] },
    ],
    [
      'joins the team to be its admin',
      [teamAdmin('ops')],
      [],
      { orgRole: 'member', teamRoles: [...kept, { teamSlug: 'ops', role: 'admin' }] },
    ],
    [
      'makes a contributor of an admin',
      [],
      [teamAdmin('frontend')],
      { orgRole: 'member', teamRoles: [kept[0], { teamSlug: 'frontend', role: 'contributor' }] },
    ],
    ['leaves a team', [], [team('frontend')], { orgRole: 'member', teamRoles: [kept[0]] }],
    [
      'goes both ways at once',
      [role('owner'), team('ops')],
      [team('backend')],
      { orgRole: 'owner', teamRoles: [kept[1], { teamSlug: 'ops', role: 'contributor' }] },
    ],
    [
      'differs not',
      [role('member'), team('backend'), teamAdmin('frontend')],
      [role('owner'), team('ops'), teamAdmin('backend')],
      undefined,
    ],
  ] as const) {
    it(what, () => assert.deepEqual(changed(member, { assign, revoke }), expected))
  }

  it('falls back to the floor when the role goes', () => {
    const owner = { ...member, orgRole: 'owner' }
    assert.equal(changed(owner, { assign: [], revoke: [role('owner')] })?.orgRole, 'member')
    assert.equal(changed(owner, { assign: [role('manager')], revoke: [role('owner')] })?.orgRole, 'manager')
  })

  it('never loses what the change does not name', () => {
    const slug = fc.constantFrom('backend', 'frontend', 'ops', 'data')
    const ref: fc.Arbitrary<EntitlementRef> = fc.oneof(
      slug.map(team),
      slug.map(teamAdmin),
      fc.constantFrom('member', 'owner').map(role),
    )
    fc.assert(
      fc.property(fc.array(ref), fc.array(ref), (assign, revoke) => {
        const after = changed(member, { assign, revoke })
        if (!after) return
        const held = new Set(
          toAccount({ ...member, ...after, teamRoles: [...after.teamRoles] }).entitlements.map(
            entitlementKey,
          ),
        )
        const named = new Set(
          [...assign, ...revoke].flatMap((each) => [
            entitlementKey(each),
            ...(each.scope ? [] : [entitlementKey(teamAdmin(each.id))]),
          ]),
        )
        const roles = [...assign, ...revoke].some((each) => each.kind === 'role' && !each.scope)
        for (const { kind, ...rest } of toAccount(member).entitlements) {
          const key = entitlementKey({ kind, ...rest })
          if (!named.has(key) && !(roles && key.startsWith('role:member')))
            assert.ok(held.has(key), `${key} is lost`)
        }
        for (const each of assign.filter((one) => one.kind === 'group'))
          assert.ok(held.has(entitlementKey(each)))
      }),
    )
  })
})

describe('membership of an invitation', () => {
  it('is a member without teams unless told', () => {
    assert.deepEqual(membershipOf([]), { orgRole: 'member', teamRoles: [] })
    assert.deepEqual(membershipOf([team('backend'), role('manager'), teamAdmin('ops')]), {
      orgRole: 'manager',
      teamRoles: [
        { teamSlug: 'backend', role: 'contributor' },
        { teamSlug: 'ops', role: 'admin' },
      ],
    })
  })
})
