import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { errorPageHtml } from '../../src/dictionary/route.ts'
import { aPatch, aUser, type Answered, scimApp } from '../support/scim-app.ts'

const page = errorPageHtml()

/** The anchor that an error leads to, by its header and by its detail; fails when it leads nowhere. */
function anchorOf({ headers, json, status }: Answered, origin: string): string {
  const link = String(headers['link'])
  const [, help = '', anchor = ''] = /^<(\/docs\/errors#([\w-]+))>; rel="help"$/.exec(link) ?? []
  assert.ok(anchor, `${status}: ${link}`)
  assert.ok(page.includes(` id="${anchor}"`), anchor)
  const detail = String(json['detail'])
  assert.ok(detail.endsWith(`. See ${origin}${help}`) || detail.includes(`. See ${origin}${help}`), detail)
  return anchor
}

describe('an error of the service provider', () => {
  const many = Array.from({ length: 5_001 }, () => ({ op: 'remove', path: 'title' }))
  const refusals: readonly (readonly [
    anchor: string,
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ])[] = [
    ['scim-unauthorized', 'GET', '/Users', undefined, { authorization: 'Bearer nobody' }],
    ['scim-not-found', 'GET', '/Users/nobody'],
    ['scim-not-found', 'GET', '/Nothing'],
    ['scim-method', 'PUT', '/Users', aUser('ada@corp.example')],
    ['scim-not-offered', 'GET', '/Me'],
    ['scim-forbidden', 'GET', '/Schemas?filter=id%20eq%20%221%22'],
    ['scim-media-type', 'POST', '/Users', 'text', { 'content-type': 'text/plain' }],
    ['scim-invalidFilter', 'GET', '/Users?filter=nonsense'],
    ['scim-invalidValue', 'POST', '/Users', aUser(' ')],
    ['scim-invalidSyntax', 'POST', '/Users', { userName: 'x' }],
    ['scim-invalidPath', 'GET', '/Users?sortBy=nonsense'],
    ['scim-too-large', 'PATCH', '/Users/1', aPatch(...many)],
    ['scim-invalidCursor', 'GET', '/Users?cursor=nonsense'],
  ]
  for (const [anchor, method, path, body, headers] of refusals) {
    it(`${method} ${path.slice(0, 20)} leads to ${anchor}`, async (t) => {
      const { call } = await scimApp(t, { publicUrl: 'https://scim.corp.example' })
      assert.equal(anchorOf(await call(method, path, body, headers), 'https://scim.corp.example'), anchor)
    })
  }

  it('leads to this machine where none is configured, never to what the client wrote as Host', async (t) => {
    const { call } = await scimApp(t)
    const answer = await call('GET', '/Users/nobody', undefined, { host: 'localhost:8080' })
    assert.equal(anchorOf(answer, 'http://localhost:8080'), 'scim-not-found')
    const evil = await call('GET', '/Users/nobody', undefined, { host: 'gateway.example:8080' })
    assert.doesNotMatch(evil.text, /gateway\.example/)
  })

  it('leads to why an account is not proven where that is the reason', async (t) => {
    const { call, provisioning } = await scimApp(t)
    const { id } = (await call('POST', '/Users', aUser('ada@corp.example'))).json as { id: string }
    const account = { connection: 'falcon', mayExist: true, pendingShutOut: 'retry', retryAfter: 9 } as const
    const deactivate = () =>
      call('PATCH', `/Users/${id}`, aPatch({ op: 'replace', path: 'active', value: false }))
    const origin = 'http://localhost:80'
    provisioning.accounts = [{ ...account, state: 'pending', detail: 'too many', failure: 'mass-change' }]
    assert.equal(anchorOf(await deactivate(), origin), 'account-mass-change')
    provisioning.accounts = [{ ...account, state: 'pending' }]
    assert.equal(anchorOf(await deactivate(), origin), 'scim-pending')
    provisioning.accounts = [
      { ...account, state: 'refused', detail: 'the last owner', failure: 'last-owner' },
    ]
    assert.equal(anchorOf(await deactivate(), origin), 'account-last-owner')
    provisioning.accounts = []
    provisioning.objects = () => 'no login'
    const refused = await call('POST', '/Users', aUser('nobody'))
    assert.equal(anchorOf(refused, origin), 'account-no-login')
  })

  it('inside a bulk answer leads there, too', async (t) => {
    const { call } = await scimApp(t)
    const { json } = await call('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [{ method: 'DELETE', path: '/Users/nobody' }],
    })
    const [operation] = json['Operations'] as { response: { detail: string } }[]
    assert.match(operation!.response.detail, /\. See http:\/\/localhost:80\/docs\/errors#scim-not-found$/)
  })
})
