import type { FastifyInstance, FastifyPluginAsync, FastifyReply } from 'fastify'
import { Readable } from 'node:stream'
import { authenticateOperators, operatorOf } from './authentication.ts'
import { tagReads } from './etag.ts'
import { describeRoutes } from './openapi.ts'
import { answerProblems } from './problem.ts'
import { type AdminParts, routesOf } from './routes.ts'
import type { Call, Route } from './route.ts'
import { validateByTypeBox } from './validation.ts'

export interface AdminOptions extends AdminParts {
  /** Secrets of admins that no table knows, by the name that events show: at least 16 characters each. */
  readonly builtIn: readonly { readonly name: string; readonly secret: string }[]
  readonly failedAttempts?: { readonly max: number; readonly windowMs: number }
}

const defaultAttempts = { max: 30, windowMs: 60_000 }

/** The operator API, registered under its base path. Encapsulated: nothing of it leaks to SCIM, nor the other way round. */
export const adminPlugin: FastifyPluginAsync<AdminOptions> = async (app, options) => {
  const { store, builtIn, failedAttempts = defaultAttempts } = options
  answerProblems(app)
  validateByTypeBox(app)
  tagReads(app)
  app.addHook('onRequest', async (_request, reply) => {
    reply.header('cache-control', 'no-store')
  })
  await authenticateOperators(app, {
    verifyOperator: (secret) => store.verifyOperator(secret),
    builtIn,
    failedAttempts,
  })
  await describeRoutes(app, options.release)
  for (const route of routesOf(options)) serve(app, route)
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

function serve(app: FastifyInstance, route: Route): void {
  const { id, method, path, tag, role, summary, params, query, body, answer } = route
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
        by: { actor: `operator:${operator.name}`, requestId: request.id },
        ...(ifMatch === undefined ? {} : { ifMatch }),
      }
      const result = await route.run(call as Call<never, never, never>)
      reply.code(status)
      if (route.streams) return sendLines(reply, result as AsyncIterable<string>, request.query)
      return answer ? result : null
    },
  })
}
