import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { heldKeys } from '../../contract/vendor-contract.ts'
import { draft, role, team, teamAdmin, useSentry } from './support.ts'

/** The requests and answers of the API guide's examples. */
describe('Sentry target (guide)', () => {
  const { target, state, simulator, writes } = useSentry('guide')

  it("[R4-16] invites with role and teams, in the guide's fields, and always mails", async () => {
    await target().create(draft('bob@example.com', role('member'), team('backend')))
    assert.deepEqual(writes(), [
      'POST /members/ {"email":"bob@example.com","role":"member","teams":["backend"]}',
    ])
    assert.deepEqual(state().mails, [{ to: 'bob@example.com', kind: 'invitation' }])
  })

  it('[R4-08] reads the member of the examples', async () => {
    const example = {
      ...{ id: '123', email: 'alice@example.com', role: 'member' },
      teamRoles: [{ teamSlug: 'backend', role: 'contributor' }],
      flags: { 'sso:linked': true },
    }
    simulator().failNext({ method: 'GET', path: /\/members\/123\/$/, status: 200, body: example })
    assert.deepEqual(await target().get('123'), {
      ...{ id: '123', login: 'alice@example.com', state: 'active', privileged: false },
      profile: { email: 'alice@example.com' },
      facts: { source: 'local' },
      entitlements: [role('member'), team('backend')],
    })
  })

  it('reads the list of the examples', async () => {
    const examples = [
      {
        id: '123',
        email: 'alice@example.com',
        role: 'member',
        pending: false,
        user: { id: '456', name: 'Alice' },
      },
      { id: '124', email: 'carol@example.com', role: 'member', user: null },
    ]
    simulator().failNext({ method: 'GET', path: /\/members\/$/, status: 200, body: examples })
    const seen = []
    for await (const { id, state, profile } of target().list()) seen.push([id, state, profile.displayName])
    assert.deepEqual(seen, [
      ['123', 'active', 'Alice'],
      ['124', 'invited', undefined],
    ])
  })

  it('[R4-14, R4-32] promotes to admin with every team in the same call', async () => {
    const { id } = state().addMember({
      email: 'alice@example.com',
      teams: new Map([
        ['backend', 'admin'],
        ['frontend', 'contributor'],
      ]),
    })
    await target().changeEntitlements(id, { assign: [role('admin')], revoke: [] })
    assert.deepEqual(writes(), [
      `PUT /members/${id}/ {"role":"admin","teamRoles":[{"teamSlug":"backend","role":"admin"},{"teamSlug":"frontend","role":"contributor"}]}`,
    ])
    assert.deepEqual(await heldKeys(target(), id), [
      'group:backend',
      'group:frontend',
      'role:admin',
      'role:admin@team:backend',
    ])
  })

  it("[R4-21] joins and leaves a team by the member's routes, 200 included", async () => {
    const { id } = state().addMember({ email: 'alice@example.com' })
    await target().changeEntitlements(id, { assign: [team('backend')], revoke: [] })
    await target().changeEntitlements(id, { assign: [team('backend')], revoke: [] })
    await target().changeEntitlements(id, { assign: [], revoke: [team('backend')] })
    const path = `/members/${id}/teams/backend/`
    assert.deepEqual(writes(), [`POST ${path}`, `POST ${path}`, `DELETE ${path}`])
  })

  it('[R4-21] does not take an answer without the team for success', async () => {
    const { id } = state().addMember({ email: 'alice@example.com' })
    simulator().failNext({ method: 'POST', path: /teams/, status: 200, body: { id, teams: ['frontend'] } })
    await assert.rejects(target().changeEntitlements(id, { assign: [team('backend')], revoke: [] }), {
      failure: 'unexpected',
      certainlyNotDone: false,
    })
  })

  it('[R4-23] sets a team role by the update of the member', async () => {
    const { id } = state().addMember({
      email: 'alice@example.com',
      teams: new Map([['backend', 'contributor']]),
    })
    await target().changeEntitlements(id, { assign: [teamAdmin('backend')], revoke: [] })
    assert.deepEqual(writes(), [
      `PUT /members/${id}/ {"role":"member","teamRoles":[{"teamSlug":"backend","role":"admin"}]}`,
    ])
  })

  it('[R4-19] removes with 204 and reads back nothing', async () => {
    const { id } = state().addMember({ email: 'alice@example.com' })
    await target().remove?.(id)
    assert.deepEqual(writes(), [`DELETE /members/${id}/`])
    assert.equal(await target().get(id), undefined)
  })

  it('[R4-07] offers the roles that the guide lists, and the teams', async () => {
    const catalogue = await target().catalogue()
    const roles = catalogue.filter(({ kind, scope }) => kind === 'role' && !scope).map(({ id }) => id)
    assert.deepEqual(roles, ['billing', 'member', 'admin', 'manager', 'owner'])
    assert.ok(
      catalogue.some(({ kind, id, name }) => kind === 'group' && id === 'backend' && name === 'Backend'),
    )
  })

  it('[R4-01] uses only the paths of the guide, under /api/0', async () => {
    await target().test()
    await target().tenant()
    await target().self()
    await target().catalogue()
    const { account } = await target().create(draft('bob@example.com', team('backend')))
    await target().changeEntitlements(account?.id ?? '', { assign: [role('manager')], revoke: [] })
    const known = /^\/api\/0\/organizations\/acme\/((members\/((\d+|me)\/(teams\/[a-z-]+\/)?)?|teams\/)?)$/
    assert.deepEqual(
      simulator().trace.filter(({ path }) => !known.test(path)),
      [],
    )
    assert.ok(simulator().trace.every(({ status }) => status !== 404))
  })
})
