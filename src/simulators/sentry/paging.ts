import type { FastifyReply, FastifyRequest } from 'fastify'
import { says } from './access.ts'

export interface PageQuery {
  readonly query?: string
  readonly per_page?: string
  readonly cursor?: string
}

/** One page by offset cursor. The `Link` header always names both directions; `results` says whether there is more. */
export function page<T>(
  items: readonly T[],
  request: FastifyRequest,
  reply: FastifyReply,
  largest: number,
): readonly T[] {
  const { per_page: asked = '100', cursor = '0:0:0' } = request.query as PageQuery
  const wanted = Number(asked)
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > 100)
    throw says(400, 'Invalid per_page value. Must be between 1 and 100.')
  const [, offset] = cursor.split(':').map(Number)
  if (offset === undefined || Number.isNaN(offset)) throw says(400, 'Invalid cursor parameter.')

  const size = Math.min(wanted, largest)
  const end = offset + size
  const address = `http://${request.headers.host}${request.url.split('?')[0]}`
  const link = (rel: string, at: number, isBack: number, results: boolean) =>
    `<${address}?&cursor=0:${at}:${isBack}>; rel="${rel}"; results="${results}"; cursor="0:${at}:${isBack}"`
  const previous = link('previous', Math.max(0, offset - size), 1, offset > 0)
  void reply.header('link', `${previous}, ${link('next', end, 0, end < items.length)}`)
  return items.slice(offset, end)
}
