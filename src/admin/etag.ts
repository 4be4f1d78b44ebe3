import { hash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { Problem } from './problem.ts'

/** Of plain JSON, whatever the order of its keys. */
export const etagOf = (value: unknown): string =>
  `"${hash('sha256', JSON.stringify(value, sorted), 'base64url').slice(0, 27)}"`

/** Reads carry an ETag; one that the client already has is answered with 304 (RFC 9110 §13.1.2). */
export function tagReads(app: FastifyInstance): void {
  app.addHook('onSend', async (request, reply, payload) => {
    if (request.method !== 'GET' || reply.statusCode !== 200 || typeof payload !== 'string') return payload
    if (!String(reply.getHeader('content-type')).startsWith('application/json')) return payload
    const tag = etagOf(JSON.parse(payload))
    reply.header('etag', tag)
    if (!matches(request.headers['if-none-match'], tag)) return payload
    reply.code(304).removeHeader('content-length')
    return ''
  })
}

/** Refuses with 412 when a change was meant for another state of the thing (RFC 9110 §13.1.1). */
export function requireMatch(ifMatch: string | undefined, current: object): void {
  if (ifMatch === undefined || matches(ifMatch, etagOf(current))) return
  throw new Problem(412, 'changed', 'It is not as you saw it any more: read it again, then decide.')
}

function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((each) => ['*', tag, `W/${tag}`].includes(each.trim()))
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}
