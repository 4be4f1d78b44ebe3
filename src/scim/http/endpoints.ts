import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { ScimError } from '../errors.ts'

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

export type Route = (request: FastifyRequest, reply: FastifyReply) => Promise<unknown>

/**
 * Declares all that one path offers, with and without a slash at the end; every other method answers 405 with
 * `Allow`, before its body is looked at.
 */
export function endpoint(
  app: FastifyInstance,
  path: string,
  routes: { readonly [M in Method]?: Route },
): void {
  const offered = Object.entries(routes)
  const allowed = offered.flatMap(([method]) => (method === 'GET' ? ['GET', 'HEAD'] : [method]))
  const others = app.supportedMethods.filter((method) => !allowed.includes(method))
  async function refuse(): Promise<never> {
    const allow = allowed.join(', ')
    throw new ScimError(405, `This endpoint offers ${allow}`, { headers: { allow } })
  }
  for (const url of spellings(app, path)) {
    for (const [method, handler] of offered) app.route({ method, url, handler })
    app.route({ method: others, url, onRequest: refuse, handler: refuse })
  }
}

/** An endpoint of the protocol that this service provider does not offer, whatever the method. */
export function notImplemented(app: FastifyInstance, path: string, detail: string): void {
  async function refuse(): Promise<never> {
    throw new ScimError(501, detail)
  }
  for (const url of spellings(app, path)) {
    app.route({
      method: app.supportedMethods,
      url,
      onRequest: refuse,
      handler: refuse,
      exposeHeadRoute: false,
    })
  }
}

function spellings(app: FastifyInstance, path: string): readonly string[] {
  const tolerated =
    app.initialConfig.routerOptions?.ignoreTrailingSlash ?? app.initialConfig.ignoreTrailingSlash
  return tolerated || path.endsWith('/') || path.endsWith('*') ? [path] : [path, `${path}/`]
}
