import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { aGroup, aUser, startTestGateway } from '../../support/gateway.ts'
import { operate } from '../../support/operator.ts'
import { falconPolicy, person, startFalcon } from '../../support/vendors.ts'

const nobody = '00000000-0000-7000-8000-000000000000'

async function start(t: TestContext) {
  const falcon = await startFalcon(t)
  const gateway = await startTestGateway(t, {
    connections: [{ name: 'falcon', simulator: falcon, policy: falconPolicy }],
  })
  const { url } = gateway.gateway
  const call = (method: string, path: string, body?: unknown, headers?: Record<string, string>) =>
    operate(url, method, path, { ...(body === undefined ? {} : { body }), ...(headers ? { headers } : {}) })
  const account = async (userName: string) =>
    (await call('GET', `/accounts?userName=${userName}@example.com`)).body.items[0]
  return { ...gateway, falcon, url, call, account }
}

describe('the operator API', () => {
  it('shows directories, connections, catalogue, status and vendors, and no secret', async (t) => {
    const { call, scim, token } = await start(t)
    await scim('POST', '/Users', aUser('ada'))
    const [directory] = (await call('GET', '/directories')).body.items
    assert.deepEqual([directory.name, directory.users, directory.connections], ['corp', 1, ['falcon']])
    const [connection] = (await call('GET', '/connections?name=falcon')).body.items
    assert.deepEqual(
      [connection.vendor, connection.status, connection.source],
      ['crowdstrike', 'ready', 'file'],
    )
    const catalogue = (await call('GET', `/connections/${connection.id}/catalogue`)).body.items
    assert.ok(catalogue.some((each: { name: string }) => each.name === 'Falcon Administrator'))
    const checked = await call('POST', `/connections/${connection.id}/check`)
    assert.equal(checked.status, 200)
    assert.equal(checked.body.catalogue, catalogue.length)
    const [status] = (await call('GET', '/status')).body.items
    assert.deepEqual([status.accounts, status.proven, status.pending], [1, 1, 0])
    const vendors = await call('GET', '/vendors')
    assert.ok(
      vendors.body.items.every((each: { settings: { properties: object } }) => each.settings.properties),
    )
    for (const path of [
      '/directories',
      '/connections',
      '/directories/corp/tokens',
      '/events',
      '/operators',
    ]) {
      const text = JSON.stringify((await call('GET', path)).body)
      assert.ok(
        !text.includes(token) && !text.includes('clientSecret') && !text.includes('admin-token'),
        path,
      )
    }
  })

  it('pages through accounts and events, and answers 304 for what the client has', async (t) => {
    const { call, scim } = await start(t)
    for (const name of ['ada', 'bob', 'cyd']) await scim('POST', '/Users', aUser(name))
    const names: string[] = []
    for (let after = ''; ;) {
      const { body } = await call('GET', `/accounts?limit=2${after}`)
      names.push(...body.items.map((each: { userName: string }) => each.userName))
      if (body.next === undefined) break
      after = `&after=${body.next}`
    }
    assert.deepEqual(names.toSorted(), ['ada@example.com', 'bob@example.com', 'cyd@example.com'])
    const first = await call('GET', '/events?limit=1')
    const second = await call('GET', `/events?limit=1&after=${first.body.next}`)
    assert.ok(BigInt(second.body.items[0].id) < BigInt(first.body.items[0].id))
    const [event] = (await call('GET', '/events?action=user.created&limit=500')).body.items
    assert.match(event?.actor ?? 'token:', /^token:/)

    const read = await call('GET', '/accounts')
    const etag = read.headers.get('etag') ?? ''
    assert.match(etag, /^"[\w-]+"$/)
    const again = await call('GET', '/accounts', undefined, { 'if-none-match': etag })
    assert.deepEqual([again.status, again.body], [304, undefined])
  })

  it('audits every change with the operator and the request, and honours If-Match', async (t) => {
    const { call } = await start(t)
    const [connection] = (await call('GET', '/connections')).body.items
    const path = `/connections/${connection.id}`
    const { headers } = await call('GET', path)
    assert.equal((await call('POST', `${path}/unpark`, undefined, { 'if-match': '"old"' })).status, 412)
    const kept = { 'if-match': headers.get('etag') ?? '' }
    assert.equal((await call('POST', `${path}/unpark`, undefined, kept)).status, 200)
    await call('POST', `${path}/retry`)
    const made = await call('POST', '/directories/corp/tokens', { name: 'okta' })
    const token = `/directories/corp/tokens/${made.body.id}`
    const next = await call('POST', `${token}/rotate`, {})
    assert.equal(next.status, 201)
    assert.equal((await call('DELETE', token)).status, 204)
    const operator = await call('POST', '/operators', { name: 'ada', role: 'viewer' })
    await call('DELETE', `/operators/${operator.body.id}`)
    const { items: all } = (await call('GET', '/events?actor=operator:admin')).body
    // Reads of people's data are events, too (test/integration/operator/confinement.test.ts).
    const items = all.filter(({ action }: { action: string }) => action !== 'people.read')
    assert.deepEqual(
      items.map((each: { action: string }) => each.action),
      [
        'operator.revoked',
        'operator.created',
        'token.revoked',
        'token.rotated',
        'token.created',
        'connection.retried',
      ],
    )
    assert.ok(items.every((each: { requestId: string }) => /^[0-9a-f-]{36}$/.test(each.requestId)))
    const written = JSON.stringify(items)
    for (const { body } of [made, next, operator]) assert.ok(!written.includes(body.secret))
  })

  it('keeps a token of one directory out of reach under another', async (t) => {
    const { call } = await start(t)
    const made = await call('POST', '/directories/corp/tokens', { name: 'okta' })
    assert.equal((await call('DELETE', `/directories/other/tokens/${made.body.id}`)).status, 404)
    assert.equal((await call('POST', `/directories/other/tokens/${made.body.id}/rotate`, {})).status, 404)
    assert.equal((await call('POST', '/directories/other/tokens', { name: 'x' })).status, 404)
  })

  it('shows how a person stands with the journal, and links an account anew', async (t) => {
    const { call, scim, account, until, falcon } = await start(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    await scim('POST', '/Groups', aGroup('Analysts', ada.id))
    await until('proven', async () => (await account('ada')).proven)
    const [shown] = (await call('GET', '/people/ADA@example.com')).body.items
    assert.deepEqual([shown.groups, shown.accounts[0].status], [['Analysts'], 'proven'])
    const { id, vendorAccountId } = await account('ada')
    const journal = (await call('GET', `/accounts/${id}/operations`)).body.items
    assert.equal(journal.at(-1).op, 'create')
    assert.equal((await call('POST', `/accounts/${id}/relink`)).body.state, 'done')
    await until('linked again', async () => (await account('ada')).vendorAccountId === vendorAccountId)
    assert.equal(falcon.people().length, 1)
    assert.equal((await call('GET', '/people/nobody@example.com')).status, 404)
  })

  it('writes nothing for an ignored account, and catches up once it is managed again', async (t) => {
    const { call, scim, account, until, falcon } = await start(t)
    const { body: ada } = await scim('POST', '/Users', aUser('ada'))
    const { id } = await account('ada')
    assert.equal((await call('POST', `/accounts/${id}/ignore`)).body.state, 'done')
    const before = JSON.stringify(person(falcon, 'ada'))
    const leaving = {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'replace', value: { active: false } }],
    }
    assert.equal((await scim('PATCH', `/Users/${ada.id}`, leaving)).status, 200)
    assert.equal(JSON.stringify(person(falcon, 'ada')), before)
    assert.equal((await call('GET', '/accounts?unmanaged=true')).body.items.length, 1)
    assert.equal((await call('POST', `/accounts/${id}/manage`)).body.state, 'done')
    await until('shut out', () => person(falcon, 'ada')?.entitlements.length === 0)
  })

  it('answers problems with the request and what to do, for every kind of fault', async (t) => {
    const { call, url } = await start(t)
    const faults: readonly (readonly [number, string, string, unknown?])[] = [
      [404, 'GET', '/nonsense'],
      [404, 'GET', `/accounts/${nobody}`],
      [400, 'GET', '/accounts/not-an-id'],
      [400, 'GET', '/accounts?limit=0'],
      [400, 'GET', '/accounts?nonsense=1'],
      [400, 'POST', '/operators', { name: 'x', role: 'king' }],
      [400, 'POST', '/operators', { name: 'x', role: 'viewer', extra: true }],
      [400, 'GET', "/events?since=yesterday';--"],
      [409, 'PUT', '/configuration', { text: 'directories: 1' }],
    ]
    const served = await fetch(`${url}/docs/errors`)
    assert.match(served.headers.get('content-security-policy') ?? '', /default-src 'none'/)
    const page = await served.text()
    for (const [status, method, path, body] of faults) {
      const answer = await call(method, path, body)
      assert.equal(answer.status, status, `${method} ${path}: ${JSON.stringify(answer.body)}`)
      assert.equal(answer.headers.get('content-type'), 'application/problem+json')
      assert.match(answer.body.requestId, /^[0-9a-f-]{36}$/)
      assert.ok(answer.body.detail.length > 10 && answer.body.title)
      const help = new URL(answer.body.type, url)
      assert.ok(page.includes(` id="${help.hash.slice(1)}"`), answer.body.type)
    }
    const garbage = await fetch(`${url}/admin/api/v1/operators`, {
      method: 'POST',
      headers: { authorization: 'Bearer admin-token-for-tests', 'content-type': 'application/json' },
      body: '{"name":',
    })
    assert.equal(garbage.status, 400)
  })

  it('never reads a file of this machine for a configuration that is sent', async (t) => {
    const { call } = await start(t)
    const text = `directories: { corp: { tokens: [{ name: a, secret: "file:/etc/hostname" }] } }`
    const answer = await call('POST', '/configuration/preview', { text })
    assert.equal(answer.status, 409)
    assert.match(answer.body.detail, /cannot be read \(ENOENT\)/)
    const sent = await call('POST', '/configuration/preview', {
      text,
      files: { '/etc/hostname': 'a-secret-of-some-length' },
    })
    // The file lacks the connection of the test: it would be removed, and nothing is linked by it.
    assert.deepEqual([sent.status, sent.body.changes.includes('token a added')], [200, true])
    assert.equal((await call('GET', '/connections')).body.items.length, 1)
  })
})
