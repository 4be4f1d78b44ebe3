import assert from 'node:assert/strict'
import { request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { memoryDirectory } from '../support/memory-directory.ts'
import { aPatch, aUser, base, scimApp, token } from '../support/scim-app.ts'

const failing = (error: Error) => {
  const memory = memoryDirectory()
  const fail = async () => {
    throw error
  }
  return Object.assign(memory, {
    user: fail,
    users: fail,
    updateUser: fail,
    createUser: fail,
    deleteUser: fail,
  })
}

describe('a store that fails', () => {
  const errors: readonly (readonly [string, Error])[] = [
    ['a refused connection', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })],
    ['a server that shuts down', Object.assign(new Error('terminating'), { code: '57P01' })],
    ['a named error', Object.assign(new Error('gone'), { name: 'StoreUnavailable' })],
    [
      'a cause inside',
      new Error('outer', { cause: Object.assign(new Error('inner'), { code: 'ECONNRESET' }) }),
    ],
  ]
  for (const [says, error] of errors) {
    it(`[T-17] answers 503 with a whole Retry-After, never 404, to ${says}`, async (t) => {
      const { call } = await scimApp(t, { memory: failing(error) })
      const answers = [
        await call('GET', '/Users/1'),
        await call('GET', '/Users'),
        await call('PATCH', '/Users/1', aPatch({ op: 'replace', path: 'active', value: false })),
        await call('DELETE', '/Users/1'),
      ]
      for (const { status, headers, json } of answers) {
        assert.equal(status, 503)
        assert.match(String(headers['retry-after']), /^\d+$/)
        assert.equal(json['status'], '503')
        assert.doesNotMatch(String(json['detail']), /connect|terminating|gone|outer/)
      }
    })
  }

  for (const [client, status] of [
    ['okta', 429],
    ['entra', 503],
    ['rfc', 503],
  ] as const) {
    it(`answers ${status} to the client ${client}, and says that the store is away`, async (t) => {
      const memory = failing(Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }))
      const { call } = await scimApp(t, { memory, client })
      const answer = await call('PATCH', '/Users/1', aPatch({ op: 'replace', path: 'active', value: false }))
      assert.equal(answer.status, status)
      assert.match(String(answer.headers['retry-after']), /^[1-9]\d*$/)
      assert.match(String(answer.json['detail']), /#scim-unavailable$/)
    })
  }

  it('[T-17] answers 500 with the request id and nothing of the error, which is logged', async (t) => {
    const lines: string[] = []
    const logger = { level: 'error', stream: { write: (line: string) => void lines.push(line) } }
    const memory = failing(new TypeError('undefined is not a function'))
    const { call } = await scimApp(t, { memory, server: { logger } })
    const answer = await call('GET', '/Users/1')
    assert.equal(answer.status, 500)
    assert.doesNotMatch(answer.text, /undefined/)
    assert.ok(answer.text.includes(String(answer.headers['x-request-id'])))
    assert.match(lines.join(''), /undefined is not a function/)
  })

  it('withdraws the acknowledgement of a create whose answer cannot be built', async (t) => {
    const memory = memoryDirectory()
    memory.groupsOf = () => Promise.reject(new Error('boom'))
    const { call } = await scimApp(t, { memory })
    assert.equal((await call('POST', '/Users', aUser('ada@corp.example'))).status, 500)
    assert.deepEqual(memory.acknowledgements(), [false])
  })

  it('answers 201 where the acknowledgement cannot be stored', async (t) => {
    const memory = memoryDirectory()
    memory.acknowledge = () => Promise.reject(new Error('boom'))
    const { call } = await scimApp(t, { memory })
    assert.equal((await call('POST', '/Users', aUser('ada@corp.example'))).status, 201)
  })
})

describe('a client that goes away', () => {
  it(
    'before its 201 is out leaves the create unacknowledged, and gets 201 with the same id next time',
    { timeout: 60_000 },
    async (t) => {
      const { app, call, memory, provisioning } = await scimApp(t)
      const running = Promise.withResolvers<void>()
      const vendor = Promise.withResolvers<void>()
      provisioning.meanwhile = () => {
        running.resolve()
        return vendor.promise
      }
      const marked = Promise.withResolvers<void>()
      const acknowledge = memory.acknowledge
      memory.acknowledge = async (...given) => {
        await acknowledge(...given)
        if (!given[2]) marked.resolve()
      }
      await app.listen({ host: '127.0.0.1', port: 0 })
      const { port } = app.server.address() as AddressInfo
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/scim+json' }
      const closed = Promise.withResolvers<void>()
      app.server.once('connection', (socket) => socket.once('close', () => closed.resolve()))
      const sent = request({ host: '127.0.0.1', port, method: 'POST', path: `${base}/Users`, headers })
      sent.on('error', () => {})
      sent.end(JSON.stringify(aUser('ada@corp.example')))
      await running.promise
      sent.destroy()
      await closed.promise
      vendor.resolve()
      await marked.promise
      assert.deepEqual(memory.acknowledgements(), [false])

      const { json } = await call('GET', '/Users')
      const [stored] = json['Resources'] as { id: string }[]
      const again = await call('POST', '/Users', aUser('ada@corp.example'))
      assert.equal(again.status, 201)
      assert.equal(again.json['id'], stored?.id)
      assert.equal((await call('POST', '/Users', aUser('ada@corp.example'))).status, 409)
    },
  )
})
