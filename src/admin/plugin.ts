import { hash } from 'node:crypto'
import { Readable } from 'node:stream'
import swagger from '@fastify/swagger'
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifySchemaCompiler } from 'fastify'
import type { TSchema } from 'typebox'
import { Check, Clone, Convert, Default, Errors } from 'typebox/value'
import type { Change, OperatorRef } from '../model/operator.ts'
import { authenticateOperators, operatorOf } from './authentication.ts'
import { confine, type DirectoryFinder } from './confinement.ts'
import { answerProblems, Problem } from './problem.ts'
import type { Call, Route } from './route.ts'

/** Texts of paths and queries are converted to what the schema says; a body must already be of it. Nothing is dropped. */
const compile: FastifySchemaCompiler<TSchema> =
  ({ schema, httpPart }) =>
  (data: unknown) => {
    const given = Default(schema, Clone(data ?? {}))
    const value = httpPart === 'body' ? given : Convert(schema, given)
    if (Check(schema, value)) return { value }
    const [first] = Errors(schema, value)
    const where = first?.instancePath.slice(1).replaceAll('/', '.')
    return {
      error: new Error(`${[httpPart, where].filter(Boolean).join('.')} ${first?.message ?? 'is not valid'}`),
    }
  }

function validateByTypeBox(app: FastifyInstance): void {
  app.setValidatorCompiler(compile)
  app.setSchemaErrorFormatter((errors) => new Error(errors[0]?.message ?? 'not valid'))
}

/** Of plain JSON, whatever the order of its keys. */
const etagOf = (value: unknown): string =>
  `"${hash('sha256', JSON.stringify(value, sorted), 'base64url').slice(0, 27)}"`

/** Reads carry an ETag; one that the client already has is answered with 304 (RFC 9110 §13.1.2). */
function tagReads(app: FastifyInstance): void {
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
  throw new Problem(412, 'changed', 'It has changed since you read it: read it again, then decide.')
}

function matches(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false
  return header.split(',').some((each) => ['*', tag, `W/${tag}`].includes(each.trim()))
}

function sorted(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Collects the routes that follow, and serves their OpenAPI document. */
async function describeRoutes(app: FastifyInstance, release: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Drawbridge operator API',
        version: release,
        description:
          'For operators and the command line. Responses are JSON; errors are RFC 9457 problem documents with the id of the request.',
      },
      components: { securitySchemes: { operator: { type: 'http', scheme: 'bearer' } } },
      security: [{ operator: [] }],
    },
  })
  app.get('/openapi.json', { config: { role: 'viewer' }, schema: { hide: true } }, async () => app.swagger())
}

export interface AdminOptions {
  /** The whole table; each route says which role it needs. */
  readonly routes: readonly Route[]
  readonly release: string
  /** The operator of a secret; undefined when unknown, expired or revoked. */
  readonly verifyOperator: (secret: string) => Promise<OperatorRef | undefined>
  /** Secrets of admins that no table knows, by the name that events show: at least 16 characters each. */
  readonly builtIn: readonly { readonly name: string; readonly secret: string }[]
  readonly failedAttempts?: { readonly max: number; readonly windowMs: number }
  readonly directoryOf: DirectoryFinder
  /** Somebody was shown data of people. Rejects when that cannot be noted: then nothing is shown. */
  readonly noteRead: (read: PersonalRead) => Promise<void>
}

/** What of people an operator read. */
export interface PersonalRead {
  readonly actor: Change
  /** Of the operator API: its id. */
  readonly route: string
  readonly directory?: string
  readonly userName?: string
  /** Of the user, the account or the connection. */
  readonly resourceId?: string
}

/** Tags of routes whose answers tell of people. */
const personalTags = new Set([
  'accounts',
  'people',
  'evidence',
  'events',
  'audit',
  'inventory',
  'holds',
  'plans',
])

function readOf(
  { id, tag, method, answer, streams }: Route,
  call: Call<unknown, unknown, unknown>,
): PersonalRead | undefined {
  const reads = method === 'GET' || (streams ?? false)
  if (!reads || !personalTags.has(tag) || !(answer ?? streams)) return undefined
  const given = { ...(call.query as object), ...(call.params as object) } as Readonly<Record<string, unknown>>
  const text = (key: string) => (typeof given[key] === 'string' ? String(given[key]) : undefined)
  const [directory, userName] = [text('directory'), text('userName')]
  const resourceId = text('account') ?? text('user') ?? text('resourceId') ?? text('connection')
  return {
    actor: call.actor,
    route: id,
    ...(directory === undefined ? {} : { directory }),
    ...(userName === undefined ? {} : { userName }),
    ...(resourceId === undefined ? {} : { resourceId }),
  }
}

const defaultAttempts = { max: 30, windowMs: 60_000 }

/** The operator API, registered under its base path. Encapsulated: nothing of it leaks to SCIM, nor the other way round. */
export const adminPlugin: FastifyPluginAsync<AdminOptions> = async (app, options) => {
  const { routes, release, verifyOperator, builtIn, failedAttempts = defaultAttempts } = options
  const { directoryOf, noteRead } = options
  answerProblems(app)
  validateByTypeBox(app)
  tagReads(app)
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  await authenticateOperators(app, { verifyOperator, builtIn, failedAttempts })
  await describeRoutes(app, release)
  for (const route of routes) serve(app, route, { directoryOf, noteRead })
}

/** The first line is waited for, so that what fails before it is answered as a problem. */
async function sendLines(
  reply: FastifyReply,
  lines: AsyncIterable<string>,
  query: unknown,
): Promise<FastifyReply> {
  const iterator = lines[Symbol.asyncIterator]()
  const first = await iterator.next()
  const rest = { [Symbol.asyncIterator]: () => iterator }
  const all = async function* (): AsyncGenerator<string> {
    if (first.done) return
    yield first.value
    yield* rest
  }
  const isCsv = (query as { format?: string }).format === 'csv'
  return reply.type(isCsv ? 'text/csv; charset=utf-8' : 'application/x-ndjson').send(Readable.from(all()))
}

function serve(
  app: FastifyInstance,
  route: Route,
  { directoryOf, noteRead }: Pick<AdminOptions, 'directoryOf' | 'noteRead'>,
): void {
  const { id, method, path, tag, role, summary, deprecated, params, query, body, answer } = route
  const status = route.status ?? (answer || route.streams ? 200 : 204)
  app.route({
    method,
    url: path,
    config: { role },
    schema: {
      operationId: id,
      summary,
      tags: [tag],
      description: `Role: ${role}.`,
      ...(deprecated ? { deprecated } : {}),
      ...(params ? { params } : {}),
      ...(query ? { querystring: query } : {}),
      ...(body ? { body } : {}),
      ...(route.streams ? {} : { response: { [status]: answer ?? { type: 'null', description: 'Done.' } } }),
    },
    handler: async (request, reply) => {
      const operator = operatorOf(request)
      const ifMatch = request.headers['if-match']
      const call: Call<unknown, unknown, unknown> = {
        params: request.params,
        query: request.query,
        body: request.body,
        operator,
        actor: { actor: `operator:${operator.name}`, requestId: request.id },
        ...(ifMatch === undefined ? {} : { ifMatch }),
      }
      await confine(operator, route, call, directoryOf)
      const read = readOf(route, call)
      if (read) await noteRead(read)
      const result = await route.run(call as Call<never, never, never>)
      reply.code(status)
      if (route.streams) return sendLines(reply, result as AsyncIterable<string>, request.query)
      return answer ? result : null
    },
  })
}
