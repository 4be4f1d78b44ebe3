import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { draft, role, team, useSentry } from './support.ts'

describe('Sentry tokens and organizations', () => {
  const { target, state, open, simulator } = useSentry('current', { pageSize: 3 })

  it('[R4-05] belongs to the member behind the token, whose id is not the id of the user', async () => {
    const id = (await target().self()) ?? ''
    assert.equal(state().members.get(id)?.email, 'drawbridge@acme.example')
    assert.notEqual(state().members.get(id)?.userId, id)
  })

  it('belongs to nobody with an integration token, which may invite members only', async () => {
    const scopes = ['org:read', 'member:read', 'member:write', 'member:admin', 'team:read', 'team:write']
    const integration = open({ credentials: { token: state().addToken({ kind: 'integration', scopes }) } })
    assert.equal(await integration.self(), undefined)
    await integration.test()
    assert.equal((await integration.create(draft('ada@x.example'))).outcome, 'invited')
    await assert.rejects(integration.create(draft('bob@x.example', role('manager'))), {
      failure: 'forbidden',
    })
    const { id } = state().addMember({ email: 'eve@x.example' })
    await assert.rejects(async () => integration.remove?.(id), { failure: 'forbidden' })
    await assert.rejects(integration.changeEntitlements(id, { assign: [role('manager')], revoke: [] }), {
      failure: 'forbidden',
    })
    await integration.changeEntitlements(id, { assign: [team('backend')], revoke: [] })
  })

  for (const [scopes, lacking] of [
    [['member:read', 'member:admin', 'team:read', 'team:admin'], /org:read/],
    [['org:read', 'team:read', 'team:write'], /member:read/],
    [['org:read', 'member:read', 'member:write', 'team:read', 'team:write'], /member:admin/],
    [['org:read', 'member:read', 'member:admin'], /team:read/],
    [['org:read', 'member:read', 'member:admin', 'team:read'], /team:write or team:admin/],
  ] as const) {
    it(`names what a token with ${scopes.join(', ')} lacks`, async () => {
      const memberId = (await target().self()) ?? ''
      const weak = open({ credentials: { token: state().addToken({ kind: 'user', memberId, scopes }) } })
      await assert.rejects(weak.test(), { failure: 'missing-scope', message: lacking })
    })
  }

  it('does not take an outage of the scope list for a lack', async () => {
    simulator().failNext({ method: 'GET', path: '/api/0/', status: 500 })
    await target().test()
    assert.equal(simulator().trace.filter(({ status }) => status === 500).length, 1)
  })

  it('loses a token with its user', async () => {
    state().members.delete((await target().self()) ?? '')
    await assert.rejects(target().tenant(), { failure: 'unauthenticated' })
  })

  it('does not find an organization that lives in another region', async () => {
    state().toggles.region = 'de'
    await assert.rejects(target().tenant(), { failure: 'not-found' })
    await assert.rejects(target().test(), { failure: 'not-found' })
  })

  it('asks only for paths that end with a slash', async () => {
    await target().test()
    await target().catalogue()
    await target().create(draft('ada@x.example'))
    assert.ok(simulator().trace.every(({ path }) => path.endsWith('/')))
    assert.equal((await fetch(`${simulator().origin}/api/0/organizations/acme/members`)).status, 404)
  })

  it('[R4-20] offers every team of every page, and roles that are not retired', async () => {
    state().seedTeams(120)
    const catalogue = await target().catalogue()
    const ids = (kind: string, scoped: boolean) =>
      catalogue.filter((each) => each.kind === kind && !!each.scope === scoped).map(({ id }) => id)
    assert.equal(ids('group', false).length, 123)
    assert.equal(ids('role', true).length, 123)
    assert.deepEqual(ids('role', false), ['billing', 'member', 'manager', 'owner'])
    state().toggles.teamRoles = false
    assert.ok(
      (await target().catalogue()).some(({ kind, id, scope }) => kind === 'role' && id === 'admin' && !scope),
    )
  })

  it('[R4-26] refuses a full page that lost its Link header on the way', async () => {
    const members = Array.from({ length: 100 }, (_, n) => ({
      id: String(n),
      email: `m${n}@x.example`,
      orgRole: 'member',
    }))
    simulator().failNext({ method: 'GET', path: /\/members\/$/, status: 200, body: members })
    await assert.rejects(
      async () => {
        for await (const _ of target().list());
      },
      { failure: 'unexpected' },
    )
  })
})

describe('Sentry addresses', () => {
  it('are the region of the organization, or the one address of the guide', async () => {
    const { sentry } = await import('../../../src/vendors/sentry/index.ts')
    const { openKit } = await import('../../contract/target.ts')
    const seen: string[] = []
    const dispatcher = {
      dispatch: ({ origin, path }: { origin: string; path: string }) => {
        seen.push(`${origin}${path}`)
        throw new Error('no network')
      },
    }
    const kit = openKit({ dispatcher: dispatcher as never })
    for (const [profile, region] of [
      ['current', undefined],
      ['current', 'de'],
      ['guide', undefined],
      ['guide', 'de'],
    ] as const) {
      const settings = { organization: 'a/b', ...(region ? { region } : {}) }
      await sentry
        .connect({ settings, credentials: { token: 't' }, profile }, kit)
        .tenant()
        .catch(() => undefined)
    }
    assert.deepEqual(
      seen,
      ['https://us.sentry.io', 'https://de.sentry.io', 'https://sentry.io', 'https://de.sentry.io'].map(
        (origin) => `${origin}/api/0/organizations/a%2Fb/`,
      ),
    )
  })
})
