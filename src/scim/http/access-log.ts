import type { FastifyInstance } from 'fastify'

/**
 * One line per request, and the request's id on every answer; no answer is kept by anybody in between. The route's pattern stands for the URL: query strings
 * carry filter values, and those carry names.
 */
export function logAccess(app: FastifyInstance): void {
  // Nothing in these lines is secret, and looking for it costs more than answering.
  const log = app.log.child({}, { redact: [] })
  app.addHook('onRequest', (request, reply, done) => {
    reply.headers({ 'x-request-id': request.id, 'cache-control': 'no-store' })
    done()
  })
  app.addHook('onResponse', (request, reply, done) => {
    const { id } = request.params as { id?: string }
    log.info(
      {
        requestId: request.id,
        directory: request.verifiedToken?.name,
        method: request.method,
        route: request.routeOptions.url ?? 'unknown',
        resource: request.verifiedToken ? id : undefined,
        status: reply.statusCode,
        durationMs: Math.round(reply.elapsedTime),
      },
      'scim request',
    )
    done()
  })
}
