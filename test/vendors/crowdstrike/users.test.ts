import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { homeCid } from '../../../src/simulators/crowdstrike/state.ts'
import type { FalconClient } from '../../../src/vendors/crowdstrike/client.ts'
import { namesOf } from '../../../src/vendors/crowdstrike/target.ts'
import { create, draftOf, falconBench, rejection } from './harness.ts'
import { createHome } from '../../../src/vendors/crowdstrike/roles.ts'

describe('[R3-11] names', () => {
  for (const [what, profile, expected] of [
    ['both as given', { givenName: ' Ada ', familyName: 'King' }, ['Ada', 'King']],
    ['out of the display name', { displayName: 'Ada  King Lovelace' }, ['Ada', 'King Lovelace']],
    ['the missing one out of the display name', { givenName: 'A.', displayName: 'Ada King' }, ['A.', 'King']],
    ['a dash when nothing is known', {}, ['-', '-']],
    ['a dash for one word only', { displayName: 'Ada' }, ['Ada', '-']],
  ] as const) {
    it(`are ${what}`, () => {
      const { givenName, familyName } = namesOf(profile)
      assert.deepEqual([givenName, familyName], expected)
    })
  }
})

it('the first user of a tenant, who comes between two reads of it, is no sign of another tenant', async () => {
  const cids = [undefined, homeCid]
  const client = { someUser: async () => ({ cid: cids.shift() }) } as unknown as FalconClient
  assert.equal(await createHome(client, homeCid, []).verified('tenant'), homeCid)
})

for (const profile of ['current', 'guide'] as const) {
  describe(`users (${profile})`, async () => {
    const { simulator, state, open, calls, writes } = await falconBench(profile)
    const bodies = (method: string) =>
      simulator.trace.filter((entry) => entry.mutating && entry.method === method).map(({ body }) => body)

    it('are created in lower case, without a password and without roles', async () => {
      const target = open()
      const { account } = await target.create(draftOf('Jane@Corp.Example'))
      assert.equal(account?.login, 'jane@corp.example')
      assert.deepEqual(account.entitlements, [])
      const login =
        profile === 'current' ? { uid: 'jane@corp.example', cid: homeCid } : { username: 'jane@corp.example' }
      assert.deepEqual(bodies('POST'), [{ ...login, first_name: 'Jane', last_name: 'Doe' }])
    })

    it('get an activation mail where single sign-on is off, none where it is on', async () => {
      const target = open()
      await create(target, 'quiet@corp.example')
      state.toggles.sso = false
      await create(target, 'mailed@corp.example')
      assert.deepEqual(state.mails, [{ to: 'mailed@corp.example', why: 'activation' }])
    })

    it('that exist in another CID, or are blocked, exist without an account', async () => {
      state.foreign.add('jane@corp.example')
      const creation = await open().create(draftOf('jane@corp.example'))
      assert.deepEqual(creation, { outcome: 'exists', account: undefined })
      assert.equal(writes(), 1)
      assert.equal(state.users.size, 0)
    })

    it('that exist here are found after the refusal, complete', async () => {
      const { id } = state.addUser({ email: 'jane@corp.example' })
      state.grant(id, 'help_desk')
      const { outcome, account } = await open().create(draftOf('JANE@corp.example'))
      assert.deepEqual([outcome, account?.id, account?.entitlements.length], ['exists', id, 1])
    })

    it('of a domain that the CID does not allow are invalid, not duplicates', async () => {
      state.toggles.allowedDomains = ['corp.example']
      const error = await rejection(open().create(draftOf('jane@evil.example')))
      assert.equal(error.failure, 'invalid')
      assert.match(error.detail, /approved list/)
    })

    it('are always active: the read-only status decides nothing', async () => {
      const target = open()
      const { id } = await create(target)
      assert.equal((await target.get(id))?.state, 'active')
    })

    it('are privileged only when their roles are read', async () => {
      const { id } = state.addUser({ email: 'boss@corp.example' })
      state.grant(id, 'falcon_admin')
      assert.equal((await open().get(id))?.privileged, true)
    })

    it('are gone after a removal, and removing them again resolves', async () => {
      const target = open()
      const { id } = await create(target)
      await target.remove?.(id)
      await target.remove?.(id)
      assert.equal(state.users.size, 0)
      assert.equal(await target.get(id), undefined)
    })

    it('keep the name that an update does not give', async () => {
      const target = open()
      const { id } = await create(target)
      await target.update(id, { familyName: 'Smith' })
      assert.deepEqual((await target.get(id))?.profile, {
        email: 'jane@corp.example',
        givenName: 'Jane',
        familyName: 'Smith',
      })
    })

    it('get a dash for a name that is cleared', async () => {
      const target = open()
      const { id } = await create(target)
      await target.update(id, { givenName: null, familyName: 'Doe' })
      assert.equal((await target.get(id))?.profile.givenName, '-')
    })

    it('cost one call to update when both names are known', async () => {
      const target = open()
      const { id } = await create(target)
      const before = calls().length
      await target.update(id, { givenName: 'Janet', familyName: 'Smith' })
      assert.equal(calls().length, before + 1)
    })

    it('cannot be searched by anything but the e-mail address', async () => {
      assert.equal((await rejection(open().find('displayName', 'Jane'))).failure, 'unsupported')
    })

    it('tell the tenant when the settings do not: the CID of any user', async () => {
      state.addUser({ email: 'jane@corp.example', cid: 'a'.repeat(32) })
      assert.equal(await open({ settings: { cid: undefined } }).tenant(), 'a'.repeat(32))
    })

    it('prove the CID of the settings, whose case and checksum do not matter', async () => {
      state.addUser({ email: 'jane@corp.example' })
      const cid = `${homeCid.toUpperCase()}-9C`
      assert.equal(await open({ settings: { cid } }).tenant(), homeCid)
      const error = await rejection(open({ settings: { cid: 'b'.repeat(32) } }).tenant())
      assert.equal(error.failure, 'unauthenticated')
      assert.match(error.detail, new RegExp(`reach CID ${homeCid}, not b{32}`))
    })

    it('are needed for the tenant where no CID is configured', async () => {
      const error = await rejection(open({ settings: { cid: undefined } }).tenant())
      assert.match(error.detail, /setting cid/)
    })

    it('own no API client: there is no account of its own', async () => {
      assert.equal(await open().self(), undefined)
    })
  })
}

describe('the current API', async () => {
  const { simulator, state, open, calls } = await falconBench('current')

  it('fixes the e-mail address: an update with one is refused before any call', async () => {
    const target = open()
    const { id } = await create(target)
    const before = calls().length
    const change = { email: 'new@corp.example', givenName: 'Jane', familyName: 'Doe' }
    assert.equal((await rejection(target.update(id, change))).failure, 'unsupported')
    assert.equal(calls().length, before)
  })

  it('[R3-12] refuses a single name in PATCH, so both are sent', async () => {
    const target = open()
    const { id } = await create(target)
    await target.update(id, { givenName: 'Janet' })
    const [patch] = simulator.trace.filter(({ method }) => method === 'PATCH')
    assert.deepEqual(patch?.body, { first_name: 'Janet', last_name: 'Doe' })
  })

  it('finds a login with quotes and backslashes, and nobody else', async () => {
    const awkward = String.raw`o'ne\il@corp.example`
    state.addUser({ email: awkward })
    state.addUser({ email: 'other@corp.example' })
    const found = await open().find('email', awkward.toUpperCase())
    assert.deepEqual(
      found.map(({ login }) => login),
      [awkward],
    )
    const [search] = simulator.trace.filter(({ path }) => path.endsWith('/queries/users/v1'))
    assert.equal(search?.query['filter'], String.raw`uid:'o\'ne\\il@corp.example'`)
  })

  it('cannot be tricked into another filter', async () => {
    state.addUser({ email: 'other@corp.example' })
    assert.deepEqual(await open().find('email', `x',uid:*'*`), [])
  })

  it('lists N users with ceil(N/500) + ceil(N/5000) calls', async () => {
    state.seedUsers(1_200)
    let count = 0
    for await (const { entitlements } of open().list()) {
      assert.equal(entitlements, undefined)
      count += 1
    }
    assert.equal(count, 1_200)
    assert.deepEqual(calls(), [
      ...Array.from({ length: 3 }, () => 'GET /user-management/queries/users/v1'),
      'POST /user-management/entities/users/GET/v1',
    ])
  })

  it('lists the others when a whole batch is refused for a user who has just gone', async () => {
    state.seedUsers(3)
    const path = '/user-management/entities/users/GET/v1'
    const body = { errors: [{ code: 404, message: 'user not found' }], resources: [] }
    simulator.failNext({ path, status: 200, body })
    const logins: string[] = []
    for await (const { login } of open().list()) logins.push(login)
    assert.equal(logins.length, 3)
  })

  it('shows the last login, but not one in the year 1', async () => {
    const lastLoginAt = '2026-10-01T08:00:00Z'
    const { id } = state.addUser({ email: 'a@corp.example', lastLoginAt })
    const { id: never } = state.addUser({ email: 'b@corp.example' })
    assert.equal((await open().get(id))?.facts.lastLoginAt, lastLoginAt)
    assert.equal((await open().get(never))?.facts.lastLoginAt, undefined)
  })
})
