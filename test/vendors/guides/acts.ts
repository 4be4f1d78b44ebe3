import assert from 'node:assert/strict'
import type { Target } from '../../../src/vendors/contract.ts'
import { homeCid } from '../../../src/simulators/crowdstrike/state.ts'
import type { VendorSimulator } from '../../../src/simulators/simulator.ts'
import type { EntitlementRef } from '../../../src/model/account.ts'

/** What makes a target send the request of an example, and what must be understood of the response. */
export interface Act {
  readonly before?: (target: Target, answer: (example: string) => void) => Promise<void> | void
  readonly run: (target: Target, simulator: VendorSimulator) => Promise<unknown>
  /** Calls of the example's kind. */
  readonly times?: number
}

export type Acts = Readonly<Record<string, Act>>

const group = (id: string): EntitlementRef => ({ kind: 'group', id })
const roleOf = (id: string): EntitlementRef => ({ kind: 'role', id })
const inCid = (id: string): EntitlementRef => ({ ...roleOf(id), scope: { level: 'cid', id: homeCid } })

async function ids(target: Target): Promise<readonly string[]> {
  const found: string[] = []
  for await (const { id } of target.list()) found.push(id)
  return found
}

async function draft(target: Target, login: string, names: object, ...entitlements: EntitlementRef[]) {
  const created = await target.create({ login, profile: { email: login, ...names }, entitlements })
  assert.ok(created.outcome === 'created' || created.outcome === 'invited')
  return created.account
}

const change = (target: Target, id: string, assign: readonly EntitlementRef[]) =>
  target.changeEntitlements(id, { assign, revoke: [] })

async function inHome(target: Target, name: string): Promise<EntitlementRef> {
  const found = (await target.catalogue()).find((entry) => entry.name === name)
  assert.ok(found)
  const { kind, id, scope } = found
  return { kind, id, ...(scope ? { scope } : {}) }
}

const sentinelone: Acts = {
  'list users': {
    run: async (target, simulator) => {
      // The guide's page names another one.
      const body = { data: [], pagination: { nextCursor: null } }
      simulator.failNext({ method: 'GET', path: /v2\.1\/users$/, status: 200, body })
      assert.deepEqual(await ids(target), ['123'])
      assert.equal(simulator.trace.at(-1)?.query['cursor'], 'abc123')
    },
  },
  'get user by id': {
    run: async (target) => {
      const account = await target.get('123')
      assert.deepEqual([account?.login, account?.state], ['user@example.com', 'active'])
    },
  },
  'create user': {
    run: async (target) => {
      const viewer = await inHome(target, 'Viewer')
      const account = await draft(
        target,
        'newuser@example.com',
        { displayName: 'John Smith', email: 'newuser@example.com' },
        viewer,
      )
      assert.deepEqual([account?.id, account?.state], ['456', 'active'])
    },
  },
  'update user': {
    times: 2,
    before: (_, answer) => answer('get user by id'),
    run: async (target, simulator) => {
      const admin = await inHome(target, 'Admin')
      await target.update('456', { displayName: 'John A. Smith' })
      const body = { data: { id: '456', email: 'newuser@example.com', fullName: 'J', role: 'Viewer' } }
      simulator.failNext({ method: 'GET', path: /\/users\/456$/, status: 200, body })
      await change(target, '456', [admin])
    },
  },
  'delete user': {
    run: async (target, simulator) => {
      const body = { data: { id: '456', email: 'newuser@example.com', fullName: 'J', role: 'Viewer' } }
      simulator.failNext({ method: 'GET', path: /\/users\/456$/, status: 200, body })
      await target.remove?.('456')
    },
  },
  'get current user': { run: async (target) => assert.equal(await target.self(), '789') },
  'list roles': {
    run: async (target) =>
      assert.deepEqual(
        (await target.catalogue()).map(({ name }) => name),
        ['Admin', 'Viewer'],
      ),
  },
  'revoke user api token': { run: async (target) => target.endSessions?.('456') },
}

const user = '5f3e00000000000000000001'
const rolesOnce = async (target: Target, answer: (example: string) => void): Promise<void> => {
  answer('list roles')
  await target.catalogue()
}

const sisense: Acts = {
  'list users': {
    before: async (target) => {
      // Finds the base, and whose login it is.
      await target.catalogue()
      await target.self()
    },
    run: async (target, simulator) => {
      simulator.failNext({ method: 'GET', path: '/api/v1/users', status: 200, body: [] })
      assert.deepEqual(await ids(target), [user])
    },
  },
  'get single user': {
    before: rolesOnce,
    run: async (target) => {
      const account = await target.get(user)
      assert.deepEqual([account?.login, account?.profile.givenName], ['jdoe', 'John'])
      assert.deepEqual(account?.entitlements, [roleOf('admin')])
    },
  },
  'create user': {
    before: rolesOnce,
    run: async (target) => {
      const profile = { userName: 'jdoe', email: 'jdoe@example.com' }
      const account = await draft(target, 'jdoe@example.com', profile, roleOf('admin'))
      assert.equal(account?.id, user)
    },
  },
  'update user': {
    times: 2,
    run: async (target, simulator) => {
      const roles = [
        { _id: '5f1b00000000000000000002', name: 'Viewer' },
        { _id: '5f2b00000000000000000003', name: 'Designer' },
      ]
      simulator.failNext({ method: 'GET', path: '/api/v1/roles', status: 200, body: roles })
      await target.catalogue()
      await target.update(user, { givenName: 'Jane' })
      const body = { _id: user, userName: 'jdoe', roleId: '5f1b00000000000000000002' }
      simulator.failNext({ method: 'GET', path: `/api/v1/users/${user}`, status: 200, body, times: 2 })
      await change(target, user, [roleOf('contributor')])
    },
  },
  'delete user': { run: async (target) => assert.ok(await target.remove?.(user)) },
  authenticate: {
    // The simulator did not issue the guide's token, and the next login is its own.
    run: async (target) => assert.ok((await target.catalogue()).length > 0),
  },
  'list roles': {
    run: async (target) => {
      const roles = (await target.catalogue()).filter(({ kind }) => kind === 'role')
      assert.deepEqual(
        roles.map(({ name }) => name),
        ['Admin', 'Viewer'],
      )
    },
  },
  'list groups': {
    run: async (target, simulator) => {
      simulator.failNext({ method: 'GET', path: '/api/v1/groups', status: 200, body: [] })
      const groups = (await target.catalogue()).filter(({ kind }) => kind === 'group')
      assert.deepEqual(
        groups.map(({ name }) => name),
        ['Sales Team'],
      )
    },
  },
}

const crowdstrike: Acts = {
  'list user uids': {
    before: (_, answer) => answer('get user details by uid'),
    run: async (target) => assert.deepEqual(await ids(target), ['uid-1234']),
  },
  'get user details by uid': {
    before: (_, answer) => answer('list user uids'),
    run: async (target) => assert.deepEqual(await ids(target), ['uid-1234']),
  },
  'create user': {
    run: async (target) => {
      const names = { givenName: 'John', familyName: 'Smith' }
      assert.equal((await draft(target, 'newuser@example.com', names))?.id, 'uid-9999')
    },
  },
  'update user': { run: (target) => target.update('uid-9999', { givenName: 'Jonathan' }) },
  'delete user': { run: async (target) => assert.ok(await target.remove?.('uid-9999')) },
  'get user roles': {
    before: (_, answer) => answer('get user details by uid'),
    run: async (target) => {
      const account = await target.get('uid-1234')
      assert.deepEqual(account?.entitlements, [inCid('falcon_admin'), inCid('detection_monitor')])
    },
  },
  'grant roles to user': { run: (target) => change(target, 'uid-9999', [inCid('falcon_admin')]) },
  'revoke roles from user': {
    run: (target) => target.changeEntitlements('uid-9999', { assign: [], revoke: [inCid('falcon_admin')] }),
  },
}

const sentry: Acts = {
  'list organization members': {
    run: async (target) => assert.deepEqual(await ids(target), ['123']),
  },
  'get a single member': {
    run: async (target) => {
      const account = await target.get('123')
      assert.deepEqual(account?.entitlements, [roleOf('member'), group('backend')])
    },
  },
  'invite a new member': {
    run: async (target) => {
      const account = await draft(target, 'bob@example.com', {}, roleOf('member'), group('backend'))
      assert.deepEqual([account?.id, account?.state], ['789', 'invited'])
    },
  },
  "update a member's role or teams": {
    before: (_, answer) => answer('get a single member'),
    run: (target) => {
      const admin = { ...roleOf('admin'), scope: { level: 'team', id: 'backend' } } as const
      return change(target, '123', [roleOf('admin'), admin])
    },
  },
  'remove a member': { run: async (target) => assert.ok(await target.remove?.('123')) },
  'list teams': {
    run: async (target) => {
      const teams = (await target.catalogue()).filter(({ kind }) => kind === 'group')
      assert.deepEqual(
        teams.map(({ id, name }) => [id, name]),
        [['backend', 'Backend']],
      )
    },
  },
  'add member to a team': { run: (target) => change(target, '123', [group('backend')]) },
  'remove member from a team': {
    run: (target) => target.changeEntitlements('123', { assign: [], revoke: [group('backend')] }),
  },
}

export const actsOf: Readonly<Record<'sentinelone' | 'sisense' | 'crowdstrike' | 'sentry', Acts>> = {
  sentinelone,
  sisense,
  crowdstrike,
  sentry,
}
