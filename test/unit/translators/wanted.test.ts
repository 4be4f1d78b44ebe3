import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { wantedOf, type WantedInput } from '../../../src/translators/wanted.ts'
import { matching } from '../../../src/config/matching.ts'
import { aPolicy, cidRole, entry, falcon, now } from './builders.ts'
import type { Policy } from '../../../src/model/policy.ts'

const ada = { userName: 'ada@corp.example', name: { givenName: 'Ada' }, active: true }
const admins = [{ id: 'g', displayName: 'Admins' }]
const rules = [{ group: 'Admins', role: 'falcon_admin' }]
const catalogue = [
  entry(cidRole('falcon_admin'), 'Falcon Administrator'),
  entry(cidRole('falcon_admin', 'cid-b')),
]

function wanted(given: Partial<WantedInput> = {}, policy: Partial<Policy> = {}) {
  return wantedOf({
    resource: ada,
    active: true,
    deleted: false,
    groups: admins,
    policy: aPolicy({ rules, ...policy }),
    catalogue,
    can: falcon,
    defaultScope: { level: 'cid', id: 'cid-a' },
    matching,
    now,
    ...given,
  })
}

describe('wantedOf', () => {
  it('wants a person to be present with what the rules grant, in the default scope', () => {
    const result = wanted()
    assert.ok(result.kind === 'present')
    assert.equal(result.person.login, 'ada@corp.example')
    assert.deepEqual(
      result.entitlements.map(({ ref }) => ref),
      [cidRole('falcon_admin')],
    )
    assert.deepEqual([result.frozen, result.deviations], [[], []])
  })

  it('shuts out whoever is inactive or deleted, deletion first, with the login if there is one', () => {
    const login = 'ada@corp.example'
    assert.deepEqual(wanted({ active: false }), { kind: 'shut-out', because: 'inactive', login })
    assert.deepEqual(wanted({ active: false, deleted: true }), {
      kind: 'shut-out',
      because: 'deleted',
      login,
    })
    assert.deepEqual(wanted({ resource: {}, deleted: true }), { kind: 'shut-out', because: 'deleted' })
  })

  it('shuts out at a mapped connection too, whatever the rules say', () => {
    assert.equal(wanted({ active: false, groups: [] }, { people: 'mapped' }).kind, 'shut-out')
  })

  it('refuses a person without a login', () => {
    const refused = wanted({ resource: { userName: 'ada' } })
    assert.ok(refused.kind === 'refused')
    assert.equal(refused.failure, 'no-login')
  })

  it('wants nothing at a mapped connection for whom no rule grants anything, login or not', () => {
    const policy = { people: 'mapped', default: { role: 'falcon_admin' } } as const
    assert.deepEqual(wanted({ groups: [] }, policy), { kind: 'nothing' })
    assert.deepEqual(wanted({ groups: [], resource: { userName: 'ada' } }, policy), { kind: 'nothing' })
    assert.equal(wanted({}, policy).kind, 'present')
    assert.equal(wanted({ groups: [] }).kind, 'present')
  })

  it('takes nobody for a leaver of a mapped connection whose rule does not resolve', () => {
    const result = wanted({ catalogue: [] }, { people: 'mapped' })
    assert.ok(result.kind === 'present')
    assert.deepEqual([result.entitlements, result.frozen], [[], ['role:falcon_admin']])
  })
})

describe('values of the User at a mapped connection', () => {
  const roles = { ...ada, roles: [{ value: 'somewhere-else' }] }
  const policy = { people: 'mapped', rules: [{ roles: '*' }] } as const
  const cases: readonly [string, Partial<WantedInput>, string][] = [
    ['that never granted anything here keep nobody', { granted: [] }, 'nothing'],
    [
      'that granted something here keep the person until they resolve again',
      { granted: [{ key: 'role:x', wishes: ['role:somewhere-else'] }] },
      'present',
    ],
    ['of which nothing is known keep the person', {}, 'present'],
  ]
  for (const [what, given, kind] of cases) {
    it(what, () => assert.equal(wanted({ resource: roles, ...given }, policy).kind, kind))
  }
})
