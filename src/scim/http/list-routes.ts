import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Cursors } from './cursors.ts'
import { bindQuery, identityOf, pageAsked, readSearchRequest } from './list-query.ts'
import { collect, type Listed } from './lists.ts'
import {
  type BaseUrl,
  directoryOf,
  type PageLimits,
  type ReadParameters,
  readParameters,
} from './requests.ts'
import { endpoint } from './endpoints.ts'

const listSchema = 'urn:ietf:params:scim:api:messages:2.0:ListResponse'

/** RFC 7644 §3.4.2. `itemsPerPage` is what this page holds, not what was asked for. */
export function listResponse(resources: readonly object[], totalResults: number, startIndex = 1): object {
  return {
    schemas: [listSchema],
    totalResults,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  }
}

/** RFC 9865 §2: no `nextCursor` says that this is the last page. */
export function cursorResponse(
  resources: readonly object[],
  totalResults: number,
  nextCursor: string | undefined,
): object {
  return {
    schemas: [listSchema],
    totalResults,
    itemsPerPage: resources.length,
    ...(nextCursor !== undefined && { nextCursor }),
    Resources: resources,
  }
}

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
