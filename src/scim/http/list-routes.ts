import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { DirectoryRef } from '../../model/directory.ts'
import { type ClientSwitches, switchesOf } from '../client-profiles.ts'
import { invalidCount, invalidPath, invalidSyntax, invalidValue, quoted } from '../errors.ts'
import { eitherReading, type Filter } from '../filter/ast.ts'
import { parseFilter } from '../filter/parse.ts'
import { parseSort } from '../filter/sort.ts'
import { compileProjection } from '../projection.ts'
import type { ResourceModel } from '../schema/model.ts'
import { isObject } from '../values/json.ts'
import type { Cursors } from './cursors.ts'
import { endpoint } from './endpoints.ts'
import type { AnswersInFlight } from './throttle.ts'
import { type BoundQuery, collect, type Listed } from './lists.ts'
import {
  type BaseUrl,
  directoryOf,
  listParameters,
  type PageLimits,
  pageWindow,
  type ReadParameters,
  readParameters,
} from './requests.ts'

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
function cursorResponse(
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
  readonly answers: AnswersInFlight
}

/** Searches with a body (RFC 7644 §3.4.3), so that filters stay out of addresses and logs. */
export function searchRoute(
  app: FastifyInstance,
  path: string,
  types: readonly Listed[],
  options: ListOptions,
): void {
  endpoint(app, `${path}/.search`, {
    POST: async (request, reply) =>
      answerList(types, { request, reply }, readSearchRequest(request.body), options),
  })
}

/** Lists over all resource types, from the base of the service provider (RFC 7644 §3.4.2.1). */
export function rootRoutes(app: FastifyInstance, types: readonly Listed[], options: ListOptions): void {
  searchRoute(app, '', types, options)
  endpoint(app, '/', {
    GET: async (request, reply) => answerList(types, { request, reply }, listParameters(request), options),
  })
}

/** The ListResponse that a request asks for (RFC 7644 §3.4.2, RFC 9865). */
export async function answerList(
  types: readonly Listed[],
  { request, reply }: { readonly request: FastifyRequest; readonly reply: FastifyReply },
  asked: ReadParameters,
  { baseUrl, pages, cursors, answers }: ListOptions,
): Promise<object> {
  const directory = directoryOf(request)
  const models = types.map(({ model }) => model)
  const bindings = bindQuery(models, directory, asked, baseUrl(request))
  const parts = types.flatMap((type, at) => (bindings[at] ? [{ type, ...bindings[at] }] : []))
  const wanted = pageAsked(asked, pages)
  if (wanted.count > 0)
    await answers.hold(directory.id, reply, namesOne(bindings) ? { atMost: bindings.length } : 'page')
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

/** Whether at most one resource of each type can be found: what identity providers ask before every write. */
function namesOne(bindings: readonly BoundQuery[]): boolean {
  return bindings.every(({ filter }) => {
    if (filter?.kind !== 'compare' || filter.op !== 'eq' || filter.path.names.length !== 1) return false
    return ['id', 'userName', 'externalId'].includes(filter.path.names[0]!)
  })
}

/** Binds filter, order and projection to each resource type; what a type lacks counts as absent (RFC 7644 §3.4.2.1). */
function bindQuery(
  models: readonly ResourceModel[],
  directory: DirectoryRef,
  asked: ReadParameters,
  baseUrl: string,
): readonly BoundQuery[] {
  const switches = switchesOf(directory.client)
  const sortBy = asked.sortBy?.trim()
  const bound = models.map((model) => ({
    filter: filterOf(asked, model, switches),
    sort: sortBy ? parseSort(sortBy, asked.sortOrder, model, switches) : undefined,
    view: { projection: compileProjection(model, asked), baseUrl },
  }))
  if (sortBy && bound.every(({ sort }) => !sort)) {
    throw invalidPath(`Lists cannot be sorted by ${quoted(sortBy)}: there is no such attribute.`)
  }
  return bound
}

function filterOf(
  { filter, filterWithPluses }: ReadParameters,
  model: ResourceModel,
  switches: ClientSwitches,
): Filter | undefined {
  if (filter === undefined) return undefined
  const read = parseFilter(filter, model, switches)
  return filterWithPluses === undefined
    ? read
    : eitherReading(read, parseFilter(filterWithPluses, model, switches))
}

/** Which page: by index, or after what a cursor says; an empty cursor is the first page. */
type PageQuery =
  | { readonly by: 'index'; readonly startIndex: number; readonly count: number }
  | { readonly by: 'cursor'; readonly cursor: string; readonly count: number }

/** A client that names no cursor pages by index, as all did before RFC 9865. */
function pageAsked(asked: ReadParameters, limits: PageLimits): PageQuery {
  const { cursor } = asked
  if (cursor === undefined) return { by: 'index', ...pageWindow(asked, limits) }
  if (pageWindow({ startIndex: asked.startIndex }, limits).startIndex > 1) {
    throw invalidValue('Send either startIndex or cursor: a page has one beginning.')
  }
  return { by: 'cursor', cursor, count: cursorCount(asked.count, limits) }
}

/** RFC 9865 §2.1 wants a positive number; more than the maximum gets the maximum. */
function cursorCount(text: string | undefined, { defaultCount, maxCount }: PageLimits): number {
  if (text === undefined || text.trim() === '') return defaultCount
  const count = /^\+?\d{1,15}$/.test(text.trim()) ? Number(text) : 0
  if (count < 1) throw invalidCount(`count must be between 1 and ${maxCount}`)
  return Math.min(count, maxCount)
}

/** All that a cursor belongs to. */
function identityOf(
  models: readonly ResourceModel[],
  { id }: DirectoryRef,
  { filter, sortBy, sortOrder, attributes, excludedAttributes }: ReadParameters,
): string {
  const types = models.map(({ name }) => name)
  return JSON.stringify([id, types, filter, sortBy, sortOrder, attributes, excludedAttributes])
}

const searchRequest = 'urn:ietf:params:scim:api:messages:2.0:SearchRequest'

const texts = ['filter', 'sortBy', 'sortOrder', 'cursor'] as const
const numbers = ['startIndex', 'count'] as const
const names = ['attributes', 'excludedAttributes'] as const

/** What a SearchRequest asks for (RFC 7644 §3.4.3): the same as the parameters of a GET. Null counts as absent. */
export function readSearchRequest(body: unknown): ReadParameters {
  if (!isObject(body)) throw invalidSyntax('A search needs a SearchRequest as its body')
  const given = new Map(
    Object.entries(body)
      .filter(([, value]) => value !== null)
      .map(([name, value]) => [name.toLowerCase(), value]),
  )
  const schemas = given.get('schemas')
  const known = (urn: unknown) => typeof urn === 'string' && urn.toLowerCase() === searchRequest.toLowerCase()
  if (!Array.isArray(schemas) || !schemas.some(known))
    throw invalidSyntax(`schemas must name ${searchRequest}`)
  const asked = new Map<string, unknown>()
  const take = (keys: readonly string[], fits: (value: unknown) => boolean, what: string): void => {
    for (const key of keys) {
      const value = given.get(key.toLowerCase())
      if (value === undefined) continue
      if (!fits(value)) throw invalidValue(`${key} must be ${what}`)
      asked.set(key, value)
    }
  }
  take(texts, isText, 'a text')
  take(numbers, (value) => typeof value === 'number' || isText(value), 'an integer')
  take(names, (value) => [value].flat().every(isText), 'a list of attribute names')
  return readParameters(Object.fromEntries(asked))
}

const isText = (value: unknown): boolean => typeof value === 'string'
