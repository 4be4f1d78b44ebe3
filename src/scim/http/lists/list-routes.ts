import type { FastifyInstance, FastifyRequest } from 'fastify'
import { endpoint } from '../endpoints.ts'
import { cursorResponse, listResponse } from '../reply/list-response.ts'
import { type BaseUrl, directoryOf } from '../request/context.ts'
import { type PageLimits, type ReadParameters, readParameters } from '../request/query-parameters.ts'
import { collect, type Listed } from './collect.ts'
import type { Cursors } from './cursors.ts'
import { bindQuery, identityOf, pageAsked } from './query.ts'
import { readSearchRequest } from './search-request.ts'

export interface ListOptions {
  readonly baseUrl: BaseUrl
  readonly pages: PageLimits
  readonly cursors: Cursors
}

/** Searches with a body (RFC 7644 §3.4.3), so that filters stay out of addresses and logs. */
export function searchRoute(
  app: FastifyInstance,
  path: string,
  types: readonly Listed[],
  options: ListOptions,
): void {
  endpoint(app, `${path}/.search`, {
    POST: async (request) => answerList(types, request, readSearchRequest(request.body), options),
  })
}

/** Lists over all resource types, from the base of the service provider (RFC 7644 §3.4.2.1). */
export function rootRoutes(app: FastifyInstance, types: readonly Listed[], options: ListOptions): void {
  searchRoute(app, '', types, options)
  endpoint(app, '/', {
    GET: async (request) => answerList(types, request, readParameters(request.query), options),
  })
}

/** The ListResponse that a request asks for (RFC 7644 §3.4.2, RFC 9865). */
export async function answerList(
  types: readonly Listed[],
  request: FastifyRequest,
  asked: ReadParameters,
  { baseUrl, pages, cursors }: ListOptions,
): Promise<object> {
  const directory = directoryOf(request)
  const models = types.map(({ model }) => model)
  const bindings = bindQuery(models, directory, asked, baseUrl(request))
  const parts = types.flatMap((type, at) => (bindings[at] ? [{ type, ...bindings[at] }] : []))
  const wanted = pageAsked(asked, pages)
  if (wanted.by === 'index') {
    const { startIndex, count } = wanted
    const { shown, total } = await collect(parts, directory, { startIndex, count, goesOn: false })
    return listResponse(shown, total, startIndex)
  }
  const identity = identityOf(models, directory, asked)
  const place = wanted.cursor === '' ? undefined : cursors.open(wanted.cursor, identity)
  const { shown, total, next } = await collect(parts, directory, {
    startIndex: 1,
    count: wanted.count,
    goesOn: true,
    places: place?.after,
    total: place?.total,
  })
  return cursorResponse(shown, total, next && cursors.seal({ after: next, total }, identity))
}
