import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Fastify from 'fastify'
import { request } from 'undici'
import { createServer } from '../../src/app/server.ts'
import { checkBaseUrl, isPublicAddress } from '../../src/config/base-url.ts'
import { createDispatcher } from '../../src/egress.ts'
import { createLogger } from '../../src/logger.ts'
import { baseUrlFor } from '../../src/scim/http/requests.ts'
import { scimApp } from '../support/scim-app.ts'

describe('addresses that no vendor has', () => {
  for (const address of [
    '::7f00:1',
    '::10.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:169.254.169.254',
    '64:ff9b::7f00:1',
    '64:ff9b:1::a00:1',
    '2001:0:4136:e378:8000:63bf:3fff:fdd2',
    '2002:7f00:1::1',
    '2002:a00:1::',
    'fec0::1',
    'feff::1',
    'fd00::1',
    '192.88.99.1',
    '3fff::1',
  ])
    it(`are not called: ${address}`, () => assert.equal(isPublicAddress(address), false))

  it('leave the rest of the Internet as it is', () => {
    for (const address of ['8.8.8.8', '2606:4700::1111', '2a00:1450:4001:81a::200e', '2001:4860:4860::8888'])
      assert.equal(isPublicAddress(address), true, address)
  })

  for (const host of [
    'sisense.team.svc',
    'bi.default.svc.cluster.local',
    'metadata.google.internal',
    'bi.internal.',
    'bi.intranet',
  ])
    it(`are not called by name: ${host}`, () => assert.ok('fault' in checkBaseUrl(`https://${host}`, [])))

  it('are refused when the connection is made, whoever wrote them where', async (t) => {
    const server = Fastify()
    server.get('/', async () => 'reached')
    const url = await server.listen({ host: '127.0.0.1', port: 0 })
    t.after(() => server.close())
    const closed = createDispatcher([])
    t.after(() => closed.close())
    await assert.rejects(request(url, { dispatcher: closed }), /no public address/)
    const open = createDispatcher(['127.0.0.1'])
    t.after(() => open.close())
    assert.equal(await (await request(url, { dispatcher: open })).body.text(), 'reached')
  })
})

describe('what a client writes about itself', () => {
  it('is no address behind one trusted proxy: only the entry of that proxy counts', async (t) => {
    const app = createServer({ trustProxy: true } as never, createLogger('silent'))
    t.after(() => app.close())
    app.get('/', async ({ ip }) => ip)
    const asked = async (forwarded: string) =>
      (await app.inject({ url: '/', headers: { 'x-forwarded-for': forwarded } })).body
    assert.equal(await asked('6.6.6.6, 203.0.113.9'), '203.0.113.9')
    assert.equal(await asked('1.1.1.1, 2.2.2.2, 203.0.113.9'), '203.0.113.9')
  })

  it('is no address of the gateway beyond loopback', () => {
    const of = (host: string, localAddress: string) =>
      baseUrlFor(
        undefined,
        '/scim/v2',
      )({ protocol: 'http', host, socket: { localAddress, localPort: 8080 } } as never)
    assert.equal(of('evil.example', '10.1.2.3'), 'http://10.1.2.3:8080/scim/v2')
    assert.equal(of('localhost', '10.1.2.3'), 'http://10.1.2.3:8080/scim/v2')
    assert.equal(of('evil.example', '127.0.0.1'), 'http://127.0.0.1:8080/scim/v2')
    assert.equal(of('localhost:8080', '127.0.0.1'), 'http://localhost:8080/scim/v2')
    assert.equal(of('evil.example', '::1'), 'http://[::1]:8080/scim/v2')
  })

  it('slows it down once it has guessed too often', async (t) => {
    const { call } = await scimApp(t, { limits: { failedAttempts: { max: 2, windowMs: 60_000 } } })
    const guess = async (): Promise<number> => {
      const begun = performance.now()
      await call('GET', '/Users', undefined, { authorization: 'Bearer guess' })
      return performance.now() - begun
    }
    await guess()
    await guess()
    assert.ok((await guess()) >= 450)
  })
})
