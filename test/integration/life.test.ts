import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import {
  aGroup,
  aUser,
  activate,
  addMember,
  deactivate,
  removeMember,
  startTestGateway,
} from '../support/gateway.ts'
import { bothVendors, forget, person, writes, type BothVendors } from '../support/vendors.ts'
import type { ApiProfile } from '../../src/model/account.ts'

const profiles: readonly ApiProfile[] = ['current', 'guide']

for (const profile of profiles) {
  describe(`a person's life at CrowdStrike and Sentry, profile ${profile}`, () => {
    async function start(
      t: TestContext,
    ): Promise<BothVendors & Awaited<ReturnType<typeof startTestGateway>>> {
      const vendors = await bothVendors(t, profile)
      const gateway = await startTestGateway(t, { connections: vendors.connections, client: 'okta' })
      return { ...vendors, ...gateway }
    }

    it('[M-02, M-03] creates a joiner with roles and teams: one create and one grant at Falcon, one invite at Sentry', async (t) => {
      const { scim, falcon, sentry } = await start(t)
      const created = await scim('POST', '/Users', aUser('ada'))
      assert.equal(created.status, 201, JSON.stringify(created.body))
      assert.equal(created.body.active, true)
      assert.deepEqual(writes(falcon), ['create', 'grant'])
      assert.deepEqual(writes(sentry), ['invite'])
      assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:event_viewer@cid'])
      assert.deepEqual(person(sentry, 'ada')?.entitlements, ['group:everyone', 'role:member'])
    })

    it('[M-03] moves a person between groups: grants before revokes, nothing else is touched', async (t) => {
      const { scim, falcon, sentry, until } = await start(t)
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      const { body: analysts } = await scim('POST', '/Groups', aGroup('Analysts', ada.id))
      await until(
        'the analysts role',
        () => person(falcon, 'ada')?.entitlements.includes('role:detection_monitor@cid') === true,
      )
      const { body: admins } = await scim('POST', '/Groups', aGroup('Administrators'))
      forget(falcon)
      forget(sentry)
      await scim('PATCH', `/Groups/${admins.id}`, addMember(ada.id))
      await until(
        'the admin role',
        () => person(falcon, 'ada')?.entitlements.includes('role:falcon_admin@cid') === true,
      )
      await scim('PATCH', `/Groups/${analysts.id}`, removeMember(ada.id))
      await until(
        'the analyst role gone',
        () => person(falcon, 'ada')?.entitlements.includes('role:detection_monitor@cid') === false,
      )
      await until(
        'the team swap',
        () => person(sentry, 'ada')?.entitlements.includes('group:analysts') === false,
      )
      assert.deepEqual(writes(falcon), ['grant', 'revoke'])
      assert.deepEqual(writes(sentry), ['join', 'leave'])
      assert.deepEqual(person(sentry, 'ada')?.entitlements, ['group:admins', 'group:everyone', 'role:member'])
    })

    it('[R3-33, R4-30, R4-34] ends the access of a leaver, proves it, and gives it back on return', async (t) => {
      const { scim, falcon, sentry, until } = await start(t)
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      const left = await scim('PATCH', `/Users/${ada.id}`, deactivate)
      assert.equal(left.status, 200, JSON.stringify(left.body))
      assert.equal(left.body.active, false)
      assert.deepEqual(person(falcon, 'ada')?.entitlements, [])
      assert.equal(person(sentry, 'ada'), undefined)
      const back = await scim('PATCH', `/Users/${ada.id}`, activate)
      assert.equal(back.status, 200, JSON.stringify(back.body))
      assert.equal(back.body.active, true)
      await until(
        'the role is back',
        () => person(falcon, 'ada')?.entitlements.includes('role:event_viewer@cid') === true,
      )
      assert.deepEqual(person(sentry, 'ada')?.entitlements, ['group:everyone', 'role:member'])
    })

    it('gives back on return what somebody granted by hand', async (t) => {
      const { scim, falcon, until } = await start(t)
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      falcon.state.grant([...falcon.state.users.keys()][0]!, 'help_desk')
      await scim('PATCH', `/Users/${ada.id}`, deactivate)
      await until('all roles gone', () => person(falcon, 'ada')?.entitlements.length === 0)
      await scim('PATCH', `/Users/${ada.id}`, activate)
      await until('both roles back', () => person(falcon, 'ada')?.entitlements.length === 2)
      assert.deepEqual(person(falcon, 'ada')?.entitlements, ['role:event_viewer@cid', 'role:help_desk@cid'])
    })

    it('[M-03, R3-33] removes a deleted person everywhere and answers 404 afterwards', async (t) => {
      const { scim, falcon, sentry } = await start(t)
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      const deleted = await scim('DELETE', `/Users/${ada.id}`)
      assert.equal(deleted.status, 204, JSON.stringify(deleted.body))
      assert.equal(person(falcon, 'ada'), undefined)
      assert.equal(person(sentry, 'ada'), undefined)
      assert.equal((await scim('GET', `/Users/${ada.id}`)).status, 404)
      assert.equal((await scim('DELETE', `/Users/${ada.id}`)).status, 404)
    })

    it('makes no vendor call for a push that changes nothing a vendor holds', async (t) => {
      const { scim, falcon, sentry } = await start(t)
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      forget(falcon)
      forget(sentry)
      const answer = await scim('PUT', `/Users/${ada.id}`, aUser('ada', { title: 'Countess' }))
      assert.equal(answer.status, 200)
      assert.deepEqual([writes(falcon), writes(sentry)], [[], []])
    })
  })
}
