import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A proxy in front of a simulator that adds a field nobody has heard of to every object of every answer. */
export async function embellishing(origin: string): Promise<{ origin: string; close(): Promise<void> }> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const {
      host: _,
      connection: __,
      'content-length': ___,
      'transfer-encoding': ____,
      ...headers
    } = request.headers
    const answer = await fetch(`${origin}${request.url}`, {
      method: request.method ?? 'GET',
      headers: headers as Record<string, string>,
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
      redirect: 'manual',
    })
    const text = await answer.text()
    const {
      'content-length': _____,
      'transfer-encoding': ______,
      connection: _______,
      ...kept
    } = Object.fromEntries(answer.headers)
    response.writeHead(answer.status, kept)
    response.end(text === '' ? text : JSON.stringify(embellished(JSON.parse(text))))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function embellished(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(embellished)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).map(([key, each]) => [key, embellished(each)])
  return { ...Object.fromEntries(entries), fieldOfTomorrow: true }
}
