import { connect as connectTcp, type Socket } from 'node:net'
import { hostname } from 'node:os'
import { connect as connectTls } from 'node:tls'
import type { AuditEvent } from './store.ts'
import { signed } from '../notices/signature.ts'
import { syslog } from './formats.ts'

/** Where sealed events are sent to, in order. */
export interface Receiver {
  /** Names it in the store, and in logs; no secret. */
  readonly name: string
  /** Rejects when they were not taken; the same ones are sent again later. */
  send(events: readonly AuditEvent[]): Promise<void>
  close(): Promise<void>
}

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

/** Posts a text; answers the status. */
export type Post = (url: string, headers: Readonly<Record<string, string>>, body: string) => Promise<number>

/** Sends NDJSON, one event a line, signed as notices are. */
export function webhookReceiver(
  url: string,
  secret: string,
  post: Post,
  now: () => number = Date.now,
): Receiver {
  return {
    name: 'webhook',
    async send(events) {
      const body = events.map((event) => `${JSON.stringify(event)}\n`).join('')
      const headers = {
        'content-type': 'application/x-ndjson',
        'drawbridge-signature': signed(body, secret, now()),
      }
      const status = await post(url, headers, body)
      if (status < 200 || status > 299) throw new Error(`the webhook answered ${status}`)
    },
    close: async () => {},
  }
}
