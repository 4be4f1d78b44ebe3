import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { aUser, type GatewayUnderTest, startTestGateway } from '../../support/gateway.ts'
import { operate } from '../../support/operator.ts'
import { falconPolicy, startFalcon } from '../../support/vendors.ts'

interface Documented {
  readonly method: string
  readonly path: string
  readonly query: readonly string[]
  readonly body: readonly string[]
}

/** Concern nobody: open to every operator. */
const open = new Set(['GET /whoami', 'GET /health', 'GET /vendors', 'GET /openapi.json'])

describe('operators who are limited to directories', { timeout: 120_000 }, () => {
  let gateway: GatewayUnderTest
  let url: string
  let routes: readonly Documented[]
  const ids: Record<string, string> = {}
  const tokens: Record<'own' | 'foreign', string> = { own: '', foreign: '' }
  const undo: (() => unknown)[] = []

  before(async () => {
    const t = { after: (work: () => unknown) => void undo.push(work) } as unknown as TestContext
    const falcon = await startFalcon(t)
    gateway = await startTestGateway(t, {
      connections: [{ name: 'falcon', simulator: falcon, policy: falconPolicy }],
    })
    url = gateway.gateway.url
    ids['user'] = (await gateway.scim('POST', '/Users', aUser('ada'))).body.id
    ids['connection'] = (await operate(url, 'GET', '/connections')).body.items[0].id
    ids['account'] = (await operate(url, 'GET', '/accounts')).body.items[0].id
    ids['directory'] = 'corp'
    ids['userName'] = 'ada@example.com'
    for (const [kind, directories] of [
      ['own', ['corp']],
      ['foreign', ['elsewhere']],
    ] as const) {
      const body = { name: kind, role: 'admin', directories }
      tokens[kind] = (await operate(url, 'POST', '/operators', { body })).body.secret
    }
    const { paths } = (await operate(url, 'GET', '/openapi.json')).body
    routes = Object.entries(paths as Record<string, Record<string, Json>>).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, route]) => ({
        method: method.toUpperCase(),
        path: path.replace('/admin/api/v1', '').replaceAll(/\{(\w+)\}/g, ':$1'),
        query: (route.parameters ?? []).filter((each) => each.in === 'query').map((each) => each.name),
        body: Object.keys(route.requestBody?.content['application/json']?.schema?.properties ?? {}),
      })),
    )
    assert.ok(routes.length > 60, String(routes.length))
  })
  after(async () => {
    for (const work of undo.toReversed()) await work()
  })

  const filled = (path: string): string =>
    path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(ids[name] ?? ids['user']!))
  const ask = ({ method, path }: Documented, token: string, query = '') =>
    operate(url, method, filled(path) + query, { token, ...(method === 'GET' ? {} : { body: {} }) })

  it('reach nothing of another directory by any route of the table, whatever they name', async () => {
    const holes: string[] = []
    for (const route of routes) {
      if (open.has(`${route.method} ${route.path}`)) continue
      const tries = ['', '?directory=corp', `?directory=elsewhere&connection=${ids['connection']}`]
      for (const query of tries) {
        const { status, body } = await ask(route, tokens.foreign, query)
        // A request that is not valid has not been looked at; what is valid must be refused.
        if (![400, 403, 404].includes(status))
          holes.push(
            `${route.method} ${route.path}${query}: ${status} ${JSON.stringify(body)?.slice(0, 100)}`,
          )
      }
      const own = await ask(route, tokens.foreign, '?directory=elsewhere')
      if (own.status < 300 && JSON.stringify(own.body ?? '').includes('ada@example.com'))
        holes.push(`${route.method} ${route.path} shows a person of corp`)
    }
    assert.deepEqual(holes, [])
  })

  it('are refused with 403 what concerns the whole gateway, also of their own directory', async () => {
    for (const route of [
      'GET /operators',
      'GET /keys',
      'GET /status',
      'POST /audit/adopt',
      'POST /audit/verify',
      'POST /keys/rotate',
    ]) {
      const [method = '', path = ''] = route.split(' ')
      for (const query of ['', '?directory=corp']) {
        const { status } = await operate(url, method, path + query, {
          token: tokens.own,
          ...(method === 'GET' ? {} : { body: {} }),
        })
        assert.ok([400, 403].includes(status), `${route}${query}: ${status}`)
      }
    }
    const { status, body } = await operate(url, 'GET', '/keys', { token: tokens.own })
    assert.equal(status, 403)
    assert.match(body.detail, /limited to corp/)
  })

  it('work with what is theirs', async () => {
    for (const path of [
      `/connections/${ids['connection']}`,
      `/accounts/${ids['account']}`,
      '/accounts?directory=corp',
      '/events?directory=corp',
      '/people/ada@example.com?directory=corp',
      '/whoami',
    ]) {
      const { status, body } = await operate(url, 'GET', path, { token: tokens.own })
      assert.equal(status, 200, `${path}: ${JSON.stringify(body)}`)
    }
    const hold = { reason: 'left', until: '2999-01-01T00:00:00Z' }
    assert.ok(
      (await operate(url, 'PUT', `/holds/${ids['user']}`, { token: tokens.own, body: hold })).status < 300,
    )
  })

  it('open no SCIM, and tokens of SCIM no route of theirs', async () => {
    for (const route of routes) {
      const { status } = await ask(route, gateway.token)
      assert.ok([401, 429].includes(status), `${route.method} ${route.path}: ${status}`)
    }
    const answer = await fetch(`${url}/scim/v2/Users`, { headers: { authorization: `Bearer ${tokens.own}` } })
    assert.equal(answer.status, 401)
  })

  it('leave a trace when they read of people, that names route and person', async () => {
    const { body } = await operate(url, 'GET', '/events?action=people.read&limit=500')
    const reads = body.items as { actor: string; detail: { route: string }; resourceId: string }[]
    const own = reads.filter(({ actor }) => actor === 'operator:own')
    assert.ok(
      own.some(({ resourceId }) => resourceId === ids['user']),
      JSON.stringify(own),
    )
    assert.ok(own.some(({ resourceId }) => resourceId === ids['account']))
    const foreign = reads.filter(({ actor }) => actor === 'operator:foreign')
    assert.deepEqual(
      [...new Set(foreign.map(({ resourceId }) => resourceId))],
      [''],
      'nothing of corp was read',
    )
    assert.ok(!JSON.stringify(reads).includes('ada@example.com'))
  })

  it('have secrets that end, and a year at most unless something else is said', async () => {
    const { body } = await operate(url, 'GET', '/operators')
    for (const { name, expiresAt } of body.items) {
      const days = (Date.parse(expiresAt) - Date.now()) / 86_400_000
      assert.ok(days > 364 && days < 366, `${name}: ${expiresAt}`)
    }
  })
})

interface Json {
  readonly parameters?: readonly { readonly in: string; readonly name: string }[]
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema?: { readonly properties?: object } }>>
  }
}
