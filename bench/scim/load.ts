import { connect, type Socket } from 'node:net'

export interface Call {
  readonly method: string
  readonly path: string
  readonly body?: string
}

/** What one connection sends as its n-th request. */
export type Calls = (connection: number, n: number) => Call

export interface Target {
  readonly port: number
  readonly token: string
}

export interface Measure {
  readonly perSecond: number
  readonly p50: number
  readonly p99: number
  readonly requests: number
  /** How often each status came. */
  readonly statuses: Readonly<Record<number, number>>
}

/**
 * Keeps `connections` requests under way for a time, each on its own kept-alive connection to 127.0.0.1, and measures
 * from the write of a request to the last byte of its answer. A plain socket, because the machine is shared with what is
 * measured and every microsecond spent here is missing there.
 */
export async function load(
  target: Target,
  calls: Calls,
  { connections, milliseconds }: { readonly connections: number; readonly milliseconds: number },
): Promise<Measure> {
  const times: number[] = []
  const statuses: Record<number, number> = {}
  const startedAt = performance.now()
  const deadline = startedAt + milliseconds
  await Promise.all(
    Array.from({ length: connections }, async (_, connection) => {
      const wire = await openWire(target)
      try {
        for (let n = 0; n === 0 || performance.now() < deadline; n++) {
          const sentAt = performance.now()
          const { status } = await wire.send(calls(connection, n))
          times.push(performance.now() - sentAt)
          statuses[status] = (statuses[status] ?? 0) + 1
        }
      } finally {
        wire.close()
      }
    }),
  )
  const seconds = (performance.now() - startedAt) / 1_000
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))]!
  return {
    perSecond: times.length / seconds,
    p50: at(0.5),
    p99: at(0.99),
    requests: times.length,
    statuses,
  }
}

/** One request by itself, with its answer parsed. */
export async function once(target: Target, call: Call): Promise<{ status: number; body: unknown }> {
  const wire = await openWire(target, true)
  try {
    const { status, text } = await wire.send(call)
    return { status, body: text === '' ? undefined : JSON.parse(text) }
  } finally {
    wire.close()
  }
}

interface Reply {
  readonly status: number
  readonly text: string
}

interface Wire {
  send(call: Call): Promise<Reply>
  close(): void
}

interface Waiting {
  resolve(reply: Reply): void
  reject(error: Error): void
}

async function openWire({ port, token }: Target, keepText = false): Promise<Wire> {
  const socket = await dial(port)
  let waiting: Waiting | undefined
  let head: Buffer | undefined
  let status = 0
  let missing = 0
  let parts: Buffer[] = []

  const take = (chunk: Buffer): void => {
    let rest = chunk
    if (status === 0) {
      head = head ? Buffer.concat([head, chunk]) : chunk
      const end = head.indexOf('\r\n\r\n')
      if (end < 0) return
      const text = head.toString('latin1', 0, end)
      status = Number(text.slice(9, 12))
      missing = Number(/\r\ncontent-length: *(\d+)/i.exec(text)?.[1] ?? 0)
      rest = head.subarray(end + 4)
      head = undefined
    }
    missing -= rest.length
    if (keepText) parts.push(rest)
    if (missing > 0) return
    const reply = { status, text: Buffer.concat(parts).toString() }
    status = 0
    parts = []
    waiting?.resolve(reply)
  }
  socket.on('data', take)
  socket.on('error', (error) => waiting?.reject(error))
  socket.on('close', () => waiting?.reject(new Error('the server closed the connection')))

  return {
    send: ({ method, path, body }) =>
      new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        const content = body === undefined ? '' : entity(body)
        socket.write(
          `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer ${token}\r\naccept: application/scim+json\r\n${content || '\r\n'}`,
        )
      }),
    close: () => {
      waiting = undefined
      socket.destroy()
    },
  }
}

const entity = (body: string): string =>
  `content-type: application/scim+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`

function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    socket.once('connect', () => resolve(socket)).once('error', reject)
  })
}
