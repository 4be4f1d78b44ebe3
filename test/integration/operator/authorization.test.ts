import assert from 'node:assert/strict'
import { after, before, describe, it, type TestContext } from 'node:test'
import { roles, type Role } from '../../../src/model/operator.ts'
import { type GatewayUnderTest, startTestGateway } from '../../support/gateway.ts'
import { operate } from '../../support/operator.ts'
import { createOperator } from '../../../src/operations/operators/store.ts'

/** The least role of every route, written by hand: a new route without a line here fails. */
const expected: Readonly<Record<string, Role>> = {
  'GET /health': 'viewer',
  'GET /whoami': 'viewer',
  'GET /status': 'viewer',
  'GET /directories': 'viewer',
  'GET /directories/:directory': 'viewer',
  'GET /directories/:directory/tokens': 'viewer',
  'POST /directories/:directory/tokens': 'admin',
  'POST /directories/:directory/tokens/:token/rotate': 'admin',
  'DELETE /directories/:directory/tokens/:token': 'admin',
  'GET /operators': 'admin',
  'POST /operators': 'admin',
  'DELETE /operators/:operator': 'admin',
  'GET /vendors': 'viewer',
  'GET /connections': 'viewer',
  'GET /connections/:connection': 'viewer',
  'GET /connections/:connection/catalogue': 'viewer',
  'POST /connections/:connection/check': 'operator',
  'POST /connections': 'admin',
  'PUT /connections/:connection': 'admin',
  'PUT /connections/:connection/credentials': 'admin',
  'POST /connections/:connection/enable': 'admin',
  'POST /connections/:connection/detach': 'admin',
  'GET /keys': 'admin',
  'POST /keys/rotate': 'admin',
  'POST /connections/:connection/unpark': 'operator',
  'POST /connections/:connection/retry': 'operator',
  'GET /accounts': 'viewer',
  'GET /accounts/:account': 'viewer',
  'GET /accounts/:account/operations': 'viewer',
  'POST /accounts/:account/retry': 'operator',
  'POST /accounts/:account/relink': 'operator',
  'POST /accounts/:account/ignore': 'operator',
  'POST /accounts/:account/manage': 'operator',
  'GET /people/:userName': 'viewer',
  'GET /events': 'viewer',
  'GET /audit': 'viewer',
  'POST /audit/verify': 'viewer',
  'POST /audit/adopt': 'admin',
  'POST /audit/erase': 'admin',
  'POST /people/:userName/explanation': 'viewer',
  'POST /connections/:connection/rules/effect': 'viewer',
  'GET /connections/:connection/plans': 'viewer',
  'GET /connections/:connection/plans/preview': 'viewer',
  'POST /connections/:connection/plans/approve': 'operator',
  'POST /connections/:connection/plans/reject': 'operator',
  'GET /holds': 'viewer',
  'PUT /holds/:user': 'operator',
  'DELETE /holds/:user': 'operator',
  'POST /accounts/:account/accept-risk': 'admin',
  'GET /notices': 'viewer',
  'GET /connections/:connection/reconciliation-runs': 'viewer',
  'POST /connections/:connection/reconciliation-runs': 'operator',
  'GET /connections/:connection/surveys': 'viewer',
  'POST /connections/:connection/surveys': 'operator',
  'GET /connections/:connection/drift': 'viewer',
  'POST /connections/:connection/recovered': 'admin',
  'GET /connections/:connection/inventory': 'viewer',
  'POST /connections/:connection/inventory/proposals': 'operator',
  'GET /connections/:connection/undecided': 'viewer',
  'POST /connections/:connection/undecided': 'operator',
  'GET /directories/:directory/evidence': 'viewer',
  'POST /configuration/preview': 'admin',
  'PUT /configuration': 'admin',
  'GET /openapi.json': 'viewer',
}

/** After many of them the address hears 429. */
const refused: readonly number[] = [401, 429]
const nobody = '00000000-0000-7000-8000-000000000000'

describe('authorization of the operator API', () => {
  let gateway: GatewayUnderTest
  const tokens = new Map<Role, string>()
  before(async () => {
    gateway = await startTestGateway({ after() {} } as unknown as TestContext, { connections: [] })
    for (const role of roles) {
      const made = await operate(gateway.gateway.url, 'POST', '/operators', { body: { name: role, role } })
      assert.equal(made.status, 201)
      tokens.set(role, made.body.secret)
    }
  })
  after(() => gateway.gateway.close())

  it('has a line here for every route, and a route for every line', async () => {
    const { body } = await operate(gateway.gateway.url, 'GET', '/openapi.json')
    const served = Object.entries(body.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map(
        (method) =>
          `${method.toUpperCase()} ${path.replace('/admin/api/v1', '').replaceAll(/\{(\w+)\}/g, ':$1')}`,
      ),
    )
    assert.deepEqual([...served, 'GET /openapi.json'].toSorted(), Object.keys(expected).toSorted())
  })

  for (const [line, least] of Object.entries(expected)) {
    const [method, path] = line.split(' ') as [string, string]
    const address = path.replace(':directory', 'corp').replaceAll(/:\w+/g, nobody)
    it(`${line} takes ${least} and more, and no token of an identity provider`, async () => {
      const { url } = gateway.gateway
      const status = async (token: string | null) =>
        // A body that no route takes: whoever is allowed hears that, and nothing is changed.
        (await operate(url, method, address, { token, ...(method === 'GET' ? {} : { body: 0 }) })).status
      for (const token of [null, gateway.token]) assert.ok(refused.includes(await status(token)))
      for (const role of roles) {
        const answer = await status(tokens.get(role)!)
        if (roles.indexOf(role) < roles.indexOf(least)) assert.equal(answer, 403, role)
        else assert.ok(![...refused, 403, 500].includes(answer), `${role}: ${answer}`)
      }
    })
  }

  it('never lets a token of an operator in at /scim', async () => {
    for (const secret of [...tokens.values(), 'admin-token-for-tests']) {
      const response = await fetch(`${gateway.gateway.url}/scim/v2/Users`, {
        headers: { authorization: `Bearer ${secret}` },
      })
      assert.equal(response.status, 401)
    }
  })

  it('refuses a revoked and an expired operator at once', async () => {
    const { url, store } = gateway.gateway
    const made = await operate(url, 'POST', '/operators', { body: { name: 'short', role: 'viewer' } })
    const token = made.body.secret as string
    assert.equal((await operate(url, 'GET', '/whoami', { token })).status, 200)
    assert.equal((await operate(url, 'DELETE', `/operators/${made.body.id}`)).status, 204)
    assert.ok(refused.includes((await operate(url, 'GET', '/whoami', { token })).status))
    const past = {
      name: 'old',
      role: 'admin',
      secret: 'x'.repeat(20),
      expiresAt: '2020-01-01T00:00:00Z',
    } as const
    await createOperator(store.db, past, { actor: 'operator:test', requestId: 'r' })
    assert.ok(refused.includes((await operate(url, 'GET', '/whoami', { token: past.secret })).status))
  })

  it('limits refused tokens by address, and never a valid one', async () => {
    const { url } = gateway.gateway
    let status = 401
    for (let tries = 0; tries < 200 && status === 401; tries++)
      status = (await operate(url, 'GET', '/whoami', { token: `wrong-${tries}` })).status
    assert.equal(status, 429)
    assert.equal((await operate(url, 'GET', '/whoami')).status, 200)
  })
})
