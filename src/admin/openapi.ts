import swagger from '@fastify/swagger'
import type { FastifyInstance } from 'fastify'

/** Collects the routes that follow, and serves their OpenAPI document. */
export async function describeRoutes(app: FastifyInstance, release: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Drawbridge operator API',
        version: release,
        description:
          'For operators and the command line. Answers are JSON; refusals are RFC 9457 problem documents with the id of the request.',
      },
      components: { securitySchemes: { operator: { type: 'http', scheme: 'bearer' } } },
      security: [{ operator: [] }],
    },
  })
  app.get('/openapi.json', { config: { role: 'viewer' }, schema: { hide: true } }, async () => app.swagger())
}
