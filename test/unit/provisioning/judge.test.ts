import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { AccountWork } from '../../../src/model/work.ts'
import type { LiveConnection } from '../../../src/provisioning/connections.ts'
import { judge } from '../../../src/provisioning/sweeps/judge.ts'
import { aPolicy, now, sentry } from '../translators/builders.ts'

const connection = {
  name: 'sentry',
  can: sentry,
  policy: aPolicy({ rules: [{ group: 'core', team: 'core', create: true }] }),
} as unknown as LiveConnection

/** Somebody else's team `core`, and `core-2`, which Drawbridge made for the SCIM Group core. */
const catalogue = [
  { kind: 'group', id: 'core', name: 'core' },
  { kind: 'group', id: 'core-2', name: 'core-2' },
] as const

/** Ada, who is in the SCIM Group core and holds one team. */
function ada(team: string): AccountWork {
  return {
    accountId: 'a1',
    connectionId: 'c1',
    wantedVersion: 1,
    provenVersion: 1,
    status: 'proven',
    vendorAccountId: '7',
    attempts: 0,
    openOperations: [],
    user: { id: 'u1', resource: { userName: 'ada@example.com' }, active: true, deleted: false },
    groups: [{ id: 'g1', displayName: 'core' }],
    made: { g1: { id: 'core-2', name: 'core-2' } },
    held: {
      account: {
        id: '7',
        login: 'ada@example.com',
        profile: { email: 'ada@example.com' },
        state: 'active',
        entitlements: [{ kind: 'group', id: team }],
        privileged: false,
        facts: {},
      },
      granted: [{ key: `group:${team}`, wishes: ['group:core'] }],
    },
  }
}

describe('what a sweep finds out without a vendor call', () => {
  it('is that a team of another owner is left for the one that was made', () => {
    const judged = judge(ada('core'), { connection, catalogue, now })
    assert.equal(judged.kind, 'differs')
    assert.deepEqual(judged.kind === 'differs' && judged.operations, [
      {
        op: 'change-entitlements',
        change: { assign: [{ kind: 'group', id: 'core-2' }], revoke: [] },
      },
      {
        op: 'change-entitlements',
        change: { assign: [], revoke: [{ kind: 'group', id: 'core' }] },
      },
    ])
  })

  it('is nothing for whoever is in the team that was made', () => {
    assert.deepEqual(judge(ada('core-2'), { connection, catalogue, now }), { kind: 'same' })
  })
})
