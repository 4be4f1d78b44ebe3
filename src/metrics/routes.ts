import type { FastifyInstance } from 'fastify'
import { createHash, timingSafeEqual } from 'node:crypto'
import type { Metrics } from './metrics.ts'

/** Below which SCIM is served. */
export const scimPrefix = '/scim/v2'

/**
 * `/metrics` for Prometheus: holds no names of people; open unless a token closes it. Also counts SCIM requests; register
 * it before them.
 */
export function registerMetrics(app: FastifyInstance, metrics: Metrics, token?: string): void {
  app.addHook('onResponse', (request, reply, done) => {
    const { url } = request.routeOptions
    if (url?.startsWith(scimPrefix)) {
      metrics.scimRequest(url, request.method, reply.statusCode, reply.elapsedTime / 1_000)
    }
    done()
  })

  app.get('/metrics', async (request, reply) => {
    if (token !== undefined && !isToken(request.headers.authorization, token)) {
      return reply
        .code(401)
        .header('www-authenticate', 'Bearer')
        .send({ error: 'a bearer token is needed here' })
    }
    return reply.type(metrics.contentType).send(await metrics.text())
  })
}

function isToken(given: string | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given ?? ''), digest(`Bearer ${token}`))
}
