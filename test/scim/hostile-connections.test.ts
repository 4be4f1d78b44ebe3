import assert from 'node:assert/strict'
import Fastify from 'fastify'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { describe, it, type TestContext } from 'node:test'
import { scimPlugin, serverLimits } from '../../src/scim/http/plugin.ts'
import { answerClientError, answerFrameworkError } from '../../src/scim/http/error-answers.ts'
import { memoryDirectory } from '../support/memory-directory.ts'
import { base, directoryNamed, token } from '../support/scim-app.ts'
import { scriptedProvisioning } from '../support/scripted-provisioning.ts'

const patience = { requestTimeout: 400, connectionTimeout: 1_000 }

interface Server {
  readonly port: number
  /** Sends bytes as they are and gives everything that came back until the server closed the connection. */
  exchange(send: (socket: Socket) => void): Promise<string>
}

async function listening(t: TestContext): Promise<Server> {
  const { http, ...limits } = serverLimits
  const app = Fastify({
    ...limits,
    ...patience,
    http: { ...http, headersTimeout: 300, connectionsCheckingInterval: 50 },
    frameworkErrors: answerFrameworkError,
    clientErrorHandler: answerClientError,
  })
  await app.register(scimPlugin, {
    prefix: base,
    verifyToken: async (secret) => (secret === token ? directoryNamed('corp') : undefined),
    directory: memoryDirectory(),
    provisioning: scriptedProvisioning(),
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  const { port } = app.server.address() as AddressInfo
  t.after(() => app.close())
  return {
    port,
    exchange: (send) =>
      new Promise((resolve, reject) => {
        const socket = connect(port, '127.0.0.1', () => send(socket))
        let received = ''
        socket.setEncoding('utf8').on('data', (text: string) => (received += text))
        socket
          .on('close', () => resolve(received))
          .on('error', (error: NodeJS.ErrnoException) => {
            if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error)
          })
      }),
  }
}

const head = (line: string, ...headers: readonly string[]): string =>
  [`${line} HTTP/1.1`, 'host: localhost', `authorization: Bearer ${token}`, ...headers, '', ''].join('\r\n')

async function stillServes({ port }: Server): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${port}${base}/Users`, {
    headers: { authorization: `Bearer ${token}`, connection: 'close' },
  })
  assert.equal(answer.status, 200)
  await answer.text()
}

function assertRefused(received: string, status: number): void {
  const [first = '', ...rest] = received.split('\r\n')
  assert.match(first, new RegExp(`^HTTP/1.1 ${status} `), received.slice(0, 300))
  assert.ok(rest.includes('content-type: application/scim+json'), received.slice(0, 300))
  const body = JSON.parse(rest.at(-1) ?? '') as Record<string, unknown>
  assert.equal(body['status'], String(status))
  assert.ok(body['detail'])
  assert.match(received, /\r\nlink: <\/docs\/errors#scim-[\w-]+>; rel="help"\r\n/)
}

describe('connections that are used up slowly or wrongly', () => {
  it(
    'end with 408 when the body does not arrive in time, however it trickles',
    { timeout: 60_000 },
    async (t) => {
      const server = await listening(t)
      const lengthened = server.exchange((socket) => {
        socket.write(
          head(`POST ${base}/Users`, 'content-type: application/scim+json', 'content-length: 1000'),
        )
        socket.write('{"schemas":')
      })
      const chunked = server.exchange((socket) => {
        socket.write(
          head(`POST ${base}/Users`, 'content-type: application/scim+json', 'transfer-encoding: chunked'),
        )
        const drip = setInterval(() => socket.writable && socket.write('1\r\n \r\n'), 50)
        socket.on('close', () => clearInterval(drip))
      })
      assertRefused(await lengthened, 408)
      assertRefused(await chunked, 408)
      await stillServes(server)
    },
  )

  it('end with 408 when the headers do not arrive in time', { timeout: 60_000 }, async (t) => {
    const server = await listening(t)
    const received = await server.exchange((socket) => {
      socket.write(`GET ${base}/Users HTTP/1.1\r\nhost: localhost\r\n`)
      const drip = setInterval(() => socket.writable && socket.write('x-slow: 1\r\n'), 50)
      socket.on('close', () => clearInterval(drip))
    })
    assertRefused(received, 408)
    await stillServes(server)
  })

  it('end when nothing is sent at all', { timeout: 60_000 }, async (t) => {
    const server = await listening(t)
    await server.exchange(() => {})
    await stillServes(server)
  })

  const bytes: readonly (readonly [says: string, status: number, text: string])[] = [
    ['[T-18] headers that are too long', 431, head(`GET ${base}/Users`, `x-long: ${'x'.repeat(20_000)}`)],
    ['an address that is too long', 431, head(`GET ${base}/Users?filter=${'x'.repeat(20_000)}`)],
    ['no HTTP', 400, 'hello\r\n\r\n'],
    ['two lengths', 400, head(`POST ${base}/Users`, 'content-length: 5', 'transfer-encoding: chunked')],
    ['NUL in a header', 400, head(`GET ${base}/Users`, 'x-nul: a\0b')],
    ['a version of HTTP that does not exist', 400, `GET ${base}/Users HTTP/9.9\r\n\r\n`],
  ]
  for (const [says, status, text] of bytes) {
    it(`hear ${status} as a SCIM error: ${says}`, { timeout: 60_000 }, async (t) => {
      const server = await listening(t)
      assertRefused(await server.exchange((socket) => socket.end(text)), status)
      await stillServes(server)
    })
  }

  for (const path of [
    '/Users/..',
    '/Users/%2e%2e',
    '/Users/../../../etc/passwd',
    '/Users/..\\..\\x',
    '//evil.example/Users',
  ]) {
    it(`lead nowhere by ${path}`, { timeout: 60_000 }, async (t) => {
      const server = await listening(t)
      const received = await server.exchange((socket) =>
        socket.end(head(`GET ${base}${path}`, 'connection: close')),
      )
      assert.match(received, /^HTTP\/1.1 (404|400) /)
      assert.match(received, /application\/scim\+json|"statusCode":404/)
    })
  }
})
