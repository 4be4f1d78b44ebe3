import { randomUUID } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import type { CrowdstrikeState } from './state.ts'

/** A refusal in Falcon's form; thrown by the routes. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.status = status
  }
}

interface Pagination {
  readonly offset: number
  readonly limit: number
  readonly total: number
}

/** Go's habit: `meta` always, `errors` empty, `resources` a list. */
export function envelope(resources: readonly unknown[], pagination?: Pagination) {
  const meta = {
    query_time: 0.01,
    powered_by: 'simulator',
    trace_id: randomUUID(),
    ...(pagination && { pagination }),
  }
  return { meta, errors: [], resources }
}

/** Business refusals may be hidden in a 200. */
export function refuse(reply: FastifyReply, { toggles }: CrowdstrikeState, status: number, message: string) {
  const body = { ...envelope([]), errors: [{ code: status, message }] }
  return reply.code(status === 400 && toggles.errorsInside200 ? 200 : status).send(body)
}

/** One page of a listing; `limit` from 1 to 500, else 400. */
export function page(
  { toggles }: CrowdstrikeState,
  items: readonly unknown[],
  query: { readonly offset?: string; readonly limit?: string },
) {
  const offset = Number(query.offset ?? 0)
  const limit = Number(query.limit ?? 100)
  if (!Number.isInteger(offset) || offset < 0) throw new Refusal(400, 'invalid offset')
  if (!Number.isInteger(limit) || limit < 1 || limit > 500)
    throw new Refusal(400, 'limit must be between 1 and 500')
  const end = offset + Math.min(limit, toggles.pageCap)
  return envelope(items.slice(offset, end), { offset, limit, total: items.length })
}
