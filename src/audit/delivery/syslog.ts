import { connect as connectTcp, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls } from 'node:tls'
import { syslog } from '../formats.ts'
import type { Receiver } from './receiver.ts'

const timeoutMs = 10_000

/**
 * RFC 5424 over TCP (`tcp://host:port`) or TLS (`tls://host:port`, RFC 5425), counted by octets (RFC 6587 §3.4.1). What the
 * receiver's socket has taken counts as delivered: the protocol has no answer.
 */
export function syslogReceiver(address: string, release: string): Receiver {
  const { protocol, hostname: host, port } = new URL(address)
  const target = {
    host: host.replace(/^\[|\]$/g, ''),
    port: Number(port || (protocol === 'tls:' ? 6514 : 601)),
  }
  let open: Socket | undefined

  const connection = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      if (open && !open.destroyed && open.writable) return resolve(open)
      const socket =
        protocol === 'tls:'
          ? connectTls({ ...target, servername: target.host }, () => resolve(socket))
          : connectTcp(target, () => resolve(socket))
      open = socket
      socket.setTimeout(timeoutMs, () => {
        if (socket.connecting) socket.destroy(new Error('the syslog receiver does not answer'))
      })
      socket.once('error', reject)
      socket.on('error', () => socket.destroy())
    })

  return {
    name: 'syslog',
    async send(events) {
      const socket = await connection()
      const lines = events.map((event) => {
        const line = syslog(event, { host: hostname(), release })
        return `${Buffer.byteLength(line)} ${line}`
      })
      await new Promise<void>((resolve, reject) => {
        socket.write(lines.join(''), (error) => (error ? reject(error) : resolve()))
      })
    },
    async close() {
      open?.end()
      open?.destroySoon()
    },
  }
}
