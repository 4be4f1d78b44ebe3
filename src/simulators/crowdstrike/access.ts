import { randomUUID } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { envelope, Refusal } from './answers.ts'
import type { CrowdstrikeState } from './state.ts'

export const simulatedCredentials = {
  clientId: 'simulated-client',
  clientSecret: 'simulated-client-secret-40',
}

const readingPosts = /\/GET\/v\d$/

/** A POST that only reads. */
export function isReading({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return method === 'GET' || method === 'HEAD' || readingPosts.test(path) || path.startsWith('/oauth2/')
}

/** Tokens, and everything that is asked before a route: rate, token, scope, content type. */
export function access(app: FastifyInstance, state: CrowdstrikeState): void {
  app.addHook('onRequest', async (request, reply) => {
    reply.header('x-cs-traceid', randomUUID())
    const path = pathOf(request)
    countRequest(state, reply)
    if (path === '/oauth2/token') return
    admit(state, request, path)
  })

  app.post('/oauth2/token', async (request, reply) => {
    const { toggles } = state
    if (toggles.wrongCloud?.answer === 'redirect') {
      const { origin, region } = toggles.wrongCloud
      return reply
        .code(308)
        .header('x-cs-region', region)
        .header('location', `${origin}/oauth2/token`)
        .send(envelope([]))
    }
    const { client_id: id, client_secret: secret } = request.body as Record<string, string>
    const { clientId, clientSecret } = simulatedCredentials
    if (toggles.wrongCloud || id !== clientId || secret !== clientSecret) {
      throw new Refusal(401, 'access denied, authorization failed')
    }
    const token = `simulated-${randomUUID()}`
    state.tokens.set(token, state.now() + toggles.tokenSeconds * 1000)
    const body = { access_token: token, token_type: 'bearer', expires_in: toggles.tokenSeconds }
    return reply.code(toggles.tokenStatus).header('x-cs-region', toggles.region).send(body)
  })
}

/** A fixed window of a minute for the one API client. */
function countRequest(state: CrowdstrikeState, reply: FastifyReply): void {
  const { toggles, window } = state
  if (state.now() - window.start >= 60_000) Object.assign(window, { start: state.now(), used: 0 })
  window.used += 1
  const remaining = Math.max(0, toggles.rateLimit - window.used)
  reply.header('x-ratelimit-limit', toggles.rateLimit).header('x-ratelimit-remaining', remaining)
  if (window.used <= toggles.rateLimit) return
  const end = window.start + 60_000
  reply.header('x-ratelimit-retryafter', toggles.retryAfter === 'seconds' ? Math.ceil(end / 1000) : end)
  throw new Refusal(429, 'API rate limit exceeded')
}

function admit({ toggles, tokens, now }: CrowdstrikeState, request: FastifyRequest, path: string): void {
  const token = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
  const endsAt = tokens.get(token)
  if (toggles.wrongCloud || endsAt === undefined || endsAt <= now()) {
    throw new Refusal(401, 'access denied, invalid bearer token')
  }
  const scope = isReading({ method: request.method, path }) ? 'read' : 'write'
  if (!toggles.scopes.includes(scope)) throw new Refusal(403, 'access denied, authorization failed')
  const isJson = (request.headers['content-type'] ?? '').startsWith('application/json')
  if (request.method !== 'GET' && !isJson) throw new Refusal(415, 'Content-Type must be application/json')
}

function pathOf({ url }: FastifyRequest): string {
  return url.split('?')[0] ?? url
}
