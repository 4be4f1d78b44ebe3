import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { createDispatcher, post } from '../../src/egress.ts'

describe('a proxy in front of vendors', () => {
  const tunnels: { readonly to: string | undefined; readonly login: string | undefined }[] = []
  const bodies: string[] = []
  const vendor = createServer((request, response) => {
    request.on('data', (data: Buffer) => bodies.push(data.toString()))
    request.on('end', () => response.writeHead(204).end())
  })
  const proxy = createServer((_request, response) => response.writeHead(405).end())
  proxy.on('connect', ({ url, headers }, socket, head) => {
    tunnels.push({ to: url, login: headers['proxy-authorization'] })
    const { port } = vendor.address() as AddressInfo
    const onward = connect(port, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      onward.write(head)
      onward.pipe(socket).pipe(onward)
    })
    socket.on('error', () => onward.destroy())
    onward.on('error', () => socket.destroy())
  })

  const listen = (server: typeof proxy): Promise<number> =>
    new Promise((resolve) => {
      server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
    })
  let proxyPort = 0
  before(async () => {
    await listen(vendor)
    proxyPort = await listen(proxy)
  })
  after(() => {
    proxy.closeAllConnections()
    vendor.closeAllConnections()
    proxy.close()
    vendor.close()
  })

  it('is asked for a tunnel, with its own login, and the vendor gets the call', async () => {
    const dispatcher = createDispatcher([], `http://gateway:p%40ss@127.0.0.1:${proxyPort}`)
    try {
      const status = await post(
        dispatcher,
        'http://vendor.example/users',
        { 'content-type': 'text/plain' },
        'hello',
      )
      assert.equal(status, 204)
    } finally {
      await dispatcher.destroy()
    }
    assert.deepEqual(bodies, ['hello'])
    const login = `Basic ${Buffer.from('gateway:p@ss').toString('base64')}`
    assert.deepEqual(tunnels, [{ to: 'vendor.example:80', login }])
  })
})
