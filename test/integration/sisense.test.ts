import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { startSisense } from '../../src/simulators/sisense/index.ts'
import { type SisenseState } from '../../src/simulators/sisense/state/state.ts'
import type { VendorSimulator } from '../../src/simulators/simulator.ts'
import {
  aGroup,
  aPatch,
  aUser,
  activate,
  addMember,
  deactivate,
  type GatewayUnderTest,
  removeMember,
  startTestGateway,
} from '../support/gateway.ts'
import { person } from '../support/vendors.ts'
import type { Policy } from '../../src/model/policy.ts'
import { holdPerson } from '../../src/operations/holds/store.ts'

type Profile = 'current' | 'guide'

interface Stage extends GatewayUnderTest {
  readonly sisense: VendorSimulator<SisenseState>
  readonly state: SisenseState
  /** `METHOD body` of the writing calls since the last look. */
  readonly writes: () => readonly string[]
  /** What a person holds: the role's name and the groups' names. */
  readonly held: (name: string) => readonly string[] | undefined
}

const policy: Partial<Policy> = {
  default: { role: 'Viewer' },
  rules: [
    { group: 'Designers', role: 'Designer' },
    { group: 'Analysts', vendorGroup: 'Sales Team' },
    { group: 'Accountants', vendorGroup: 'Finance' },
  ],
}

async function start(t: TestContext, profile: Profile): Promise<Stage> {
  const sisense = await startSisense({ profile })
  t.after(() => sisense.close())
  const gateway = await startTestGateway(t, {
    connections: [{ name: 'bi', simulator: sisense, profile, policy }],
    client: 'okta',
  })
  const { state } = sisense
  let mark = 0
  const nameOf = (key: string) => {
    const id = key.slice(key.indexOf(':') + 1)
    return state.groups.get(id)?.name ?? id
  }
  return {
    ...gateway,
    sisense,
    state,
    held: (name) => person(sisense, name)?.entitlements.map(nameOf).toSorted(),
    writes() {
      const fresh = sisense.trace.slice(mark).filter(({ mutating }) => mutating)
      mark = sisense.trace.length
      return fresh.map(({ method, path, body }) =>
        [path.endsWith('admin/logout') ? 'LOGOUT' : method, body && JSON.stringify(body)]
          .filter(Boolean)
          .join(' '),
      )
    },
  }
}

for (const profile of ['current', 'guide'] as const) {
  describe(`a person's life at Sisense, profile ${profile}`, () => {
    it('[R2-08, R2-09, R2-11] joiner: one create with the role, primary e-mail, names and locale', async (t) => {
      const { scim, state, held, writes } = await start(t, profile)
      const emails = [{ value: 'Ada.L@example.com', type: 'work', primary: true }]
      const created = await scim('POST', '/Users', aUser('ada', { emails, locale: 'de_DE' }))
      assert.equal(created.status, 201, JSON.stringify(created.body))
      assert.equal(created.body.active, true)
      assert.equal(writes().length, 1)
      const ada = state.user('ada@example.com')
      assert.equal(ada?.email, 'ada.l@example.com')
      assert.deepEqual([ada?.firstName, ada?.lastName], ['ada', 'Test'])
      assert.deepEqual(Object.values(ada?.preferences ?? {}), ['de-DE'])
      assert.deepEqual(held('ada'), ['consumer'])
    })

    it('[R2-10, R2-27] mover, "SCIM groups are groups, not roles": role and groups follow the pushed groups, what nobody named stays', async (t) => {
      const { scim, state, held, until, writes } = await start(t, profile)
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      state.user('ada@example.com')!.groups = [state.group('Support')._id]
      const { body: analysts } = await scim('POST', '/Groups', aGroup('Analysts', ada.id))
      await until('the group', () => held('ada')?.includes('Sales Team') === true)
      assert.deepEqual(held('ada'), ['Sales Team', 'Support', 'consumer'])
      const { body: designers } = await scim('POST', '/Groups', aGroup('Designers'))
      await scim('PATCH', `/Groups/${designers.id}`, addMember(ada.id))
      await until('the role', () => held('ada')?.includes('contributor') === true)
      await scim('PATCH', `/Groups/${analysts.id}`, removeMember(ada.id))
      await until('the group gone', () => held('ada')?.includes('Sales Team') === false)
      assert.deepEqual(held('ada'), ['Support', 'contributor'])
      assert.ok(writes().every((call) => !call.startsWith('DELETE /api/v1')))
    })

    it('[R2-07, R2-19] mover: a new name and address go out in one PATCH', async (t) => {
      const { scim, state, writes } = await start(t, profile)
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      writes()
      const login = 'ada.king@example.com'
      const renamed = aUser('ada', { userName: login, emails: [{ value: login, primary: true }] })
      assert.equal((await scim('PUT', `/Users/${ada.id}`, renamed)).status, 200)
      assert.deepEqual(writes(), [`PATCH ${JSON.stringify({ userName: login, email: login })}`])
      assert.ok(state.user(login))
      const family = aPatch({ op: 'replace', path: 'name.familyName', value: 'King' })
      await scim('PATCH', `/Users/${ada.id}`, family)
      assert.deepEqual(writes(), ['PATCH {"lastName":"King"}'])
    })

    it('[R2-12, R2-20] leaver and returner: the access ends, proven by a read, and comes back', async (t) => {
      const { scim, sisense, state, held, until, writes } = await start(t, profile)
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      await scim('POST', '/Groups', aGroup('Designers', ada.id))
      await until('the role', () => held('ada')?.includes('contributor') === true)
      state.user('ada@example.com')!.groups = [state.group('Support')._id]
      writes()

      const left = await scim('PATCH', `/Users/${ada.id}`, deactivate)
      assert.equal(left.status, 200, JSON.stringify(left.body))
      assert.equal(left.body.active, false)
      const walked = writes()
      assert.equal(walked[0], 'PATCH {"active":false}')
      assert.ok(!walked.some((call) => call.startsWith('DELETE')))
      if (profile === 'guide') {
        assert.deepEqual([person(sisense, 'ada')?.state, walked.length], ['disabled', 1])
        assert.deepEqual(held('ada'), ['Support', 'contributor'])
      } else {
        // The switch did nothing here.
        assert.deepEqual([person(sisense, 'ada')?.state, held('ada')], ['active', ['consumer']])
      }

      const back = await scim('PATCH', `/Users/${ada.id}`, activate)
      assert.equal(back.status, 200, JSON.stringify(back.body))
      assert.equal(back.body.active, true)
      await until('everything back', () => held('ada')?.length === 2)
      assert.equal(person(sisense, 'ada')?.state, 'active')
      assert.deepEqual(held('ada'), ['Support', 'contributor'])
    })

    it('leaver with the lowest role: switched off all the same, and nothing else', async (t) => {
      const { scim, sisense, state, writes } = await start(t, profile)
      state.toggles.active = 'switch'
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      writes()
      const left = await scim('PATCH', `/Users/${ada.id}`, deactivate)
      assert.deepEqual([left.status, left.body.active], [200, false])
      assert.equal(person(sisense, 'ada')?.state, 'disabled')
      assert.equal(writes()[0], 'PATCH {"active":false}')
      const back = await scim('PATCH', `/Users/${ada.id}`, activate)
      assert.deepEqual([back.status, person(sisense, 'ada')?.state], [200, 'active'])
    })

    it('a switch that does nothing is tried once in a shut-out, and the next step counts', async (t) => {
      const { scim, state, writes, gateway } = await start(t, profile)
      state.toggles.active = 'ignored'
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      writes()
      assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
      assert.equal(writes().filter((call) => call.includes('active')).length, 1)
      // Looked at again, as after a hold or a retry, it is neither tried again nor taken for access that is back.
      await holdPerson(gateway.store.db, ada.id, { reason: 'a look' }, { actor: 'operator:eve' })
      assert.equal((await scim('PATCH', `/Users/${ada.id}`, deactivate)).status, 200)
      assert.equal(writes().filter((call) => call.includes('active')).length, 0)
    })

    it('a switch that is refused is followed by the next step', async (t) => {
      const { scim, state, held } = await start(t, profile)
      state.toggles.active = 'rejected'
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      await scim('POST', '/Groups', aGroup('Accountants', ada.id))
      const left = await scim('PATCH', `/Users/${ada.id}`, deactivate)
      assert.deepEqual([left.status, left.body.active], [200, false])
      assert.deepEqual(held('ada'), ['consumer'])
    })

    it('removes a deleted person', async (t) => {
      const { scim, sisense } = await start(t, profile)
      const { body: ada } = await scim('POST', '/Users', aUser('ada'))
      assert.equal((await scim('DELETE', `/Users/${ada.id}`)).status, 204)
      assert.equal(person(sisense, 'ada'), undefined)
      assert.equal((await scim('GET', `/Users/${ada.id}`)).status, 404)
    })

    it('adopts a user that is there, under either name', async (t) => {
      const { scim, state, held } = await start(t, profile)
      const { _id } = state.addUser({ email: 'ada@example.com', userName: 'ada' })
      const created = await scim('POST', '/Users', aUser('ada'))
      assert.equal(created.status, 201, JSON.stringify(created.body))
      assert.equal(state.user('ada@example.com')?._id, _id)
      assert.deepEqual(held('ada'), ['consumer'])
    })

    it('a full licence is told in words, and nobody is made', async (t) => {
      const { scim, sisense, state } = await start(t, profile)
      state.toggles.seats = state.users.size
      const { status, body } = await scim('POST', '/Users', aUser('ada'))
      assert.ok(status >= 400 && status < 500, String(status))
      assert.match(JSON.stringify(body), /no free seat/)
      assert.equal(person(sisense, 'ada'), undefined)
    })
  })
}
