import { createServer, type IncomingMessage, type OutgoingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Fault, Faults, Outgoing, Rewriting } from './faults.ts'
import type { Trace } from './trace.ts'

export interface Answer {
  readonly status: number
  readonly headers: OutgoingHttpHeaders
  readonly payload: string | Buffer
}

/** Answers what is under `/__simulator/`; faults and trace do not apply there. */
export type Control = (method: string, path: string, body: string) => Answer

interface ServerOptions {
  readonly app: FastifyInstance
  readonly faults: Faults
  readonly trace: Trace
  readonly control: Control
  readonly port: number
}

/** A socket in front of the vendor's routes. The routes run in between, so that a fault can come before or after their effect. */
export async function serve({ app, faults, trace, control, port }: ServerOptions) {
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(request)
    const method = request.method ?? 'GET'
    const url = new URL(request.url ?? '/', 'http://simulator')
    if (url.pathname.startsWith('/__simulator/')) return send(response, control(method, url.pathname, body))

    const entry = trace.add(method, url, body, request.headers['content-type'] ?? '')
    const subject = { method, path: url.pathname }
    await faults.delayed(subject)
    await faults.held('before', subject)

    const fault = faults.failure(subject)
    if (fault?.drop) return void request.socket.destroy()
    const vendors = fault ? fromFault(fault) : await fromVendor(request, url, body)
    const reply = rewritten(vendors, faults.rewritings(subject), url)
    entry.status = reply.status

    const isLost = faults.isLost(subject)
    await faults.held('after', subject)
    if (isLost) return void request.socket.destroy()
    send(response, reply)
  }

  async function fromVendor(request: IncomingMessage, url: URL, body: string): Promise<Answer> {
    const { host: _, 'content-length': __, 'transfer-encoding': ___, ...headers } = request.headers
    const reply = await app.inject({
      method: (request.method ?? 'GET') as 'GET',
      url: `${url.pathname}${url.search}`,
      headers: { ...headers, host: request.headers.host },
      ...(body === '' ? {} : { payload: body }),
    })
    return { status: reply.statusCode, headers: reply.headers, payload: reply.rawPayload }
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent) response.writeHead(500)
      response.end(String(error))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })

  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function send(response: ServerResponse, { status, headers, payload }: Answer): void {
  const { connection: _, 'content-length': __, 'transfer-encoding': ___, ...kept } = headers
  response.writeHead(status, kept)
  response.end(payload)
}

function rewritten(answer: Answer, rewritings: readonly Rewriting[], { pathname: path, search: query }: URL) {
  if (rewritings.length === 0) return answer
  const text = String(answer.payload)
  let outgoing: Outgoing = { status: answer.status, body: text === '' ? undefined : parsed(text) }
  for (const { change } of rewritings) outgoing = change(outgoing, { path, query })
  const { status, body } = outgoing
  const isText = typeof body === 'string'
  const type = isText ? 'text/plain' : 'application/json'
  return {
    status,
    headers: { ...answer.headers, 'content-type': type },
    payload: body === undefined ? '' : isText ? body : JSON.stringify(body),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function fromFault({ status = 500, headers = {}, body = {}, contentType }: Fault): Answer {
  const text = typeof body === 'string'
  const guess = text && body.trimStart().startsWith('<') ? 'text/html' : 'application/json'
  return {
    status,
    headers: { 'content-type': contentType ?? guess, ...headers },
    payload: status === 204 ? '' : text ? body : JSON.stringify(body),
  }
}
