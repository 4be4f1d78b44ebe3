import bearerAuth from '@fastify/bearer-auth'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { ClientProfile } from '../../model/directory.ts'
import { switchesOf } from '../client-profiles.ts'
import { ScimError } from '../errors.ts'
import type { TokenVerifier } from '../ports.ts'
import { unavailable } from './error-answers.ts'

export interface FailedAttempts {
  /** Refused tokens that one address may send per window before it hears 429. */
  readonly max: number
  readonly windowMs: number
}

/**
 * Lets only bearer tokens of a directory pass, and decorates the request with it. The token is verified before the
 * attempts of its address are counted: a whole identity provider sits behind one address, so a valid token is
 * never limited. A store that cannot be asked is 503, or what the client of a token that was seen before needs instead,
 * because 401 tells clients to stop.
 */
export async function authenticate(
  app: FastifyInstance,
  verifyToken: TokenVerifier,
  { max, windowMs }: FailedAttempts,
): Promise<void> {
  app.decorateRequest('verifiedToken', null)
  await app.register(rateLimit, { global: false })
  const attempt = app.createRateLimit({ max, timeWindow: windowMs })

  const clients = createSeenClients()

  async function verify(secret: string, request: FastifyRequest): Promise<boolean> {
    try {
      request.verifiedToken = (await verifyToken(secret)) ?? null
    } catch (cause) {
      request.log.error({ err: cause, requestId: request.id }, 'token not verified')
      throw unavailable('The token cannot be verified at the moment', cause, clients.of(secret))
    }
    if (request.verifiedToken) clients.keep(secret, request.verifiedToken.client)
    return request.verifiedToken !== null
  }

  // RFC 6749 accepts the word Bearer in any case. The error handler, not the plugin, shapes the answer.
  await app.register(bearerAuth, {
    keys: [],
    auth: verify,
    specCompliance: 'rfc6749',
    addHook: false,
    verifyErrorLogLevel: 'debug',
  })
  // With a callback: a promise here is one for each request, and nearly all pass.
  app.addHook('onRequest', (request, reply, done) => {
    app.verifyBearerAuth!(request, reply, (refusal) => {
      if (refusal === undefined) done()
      else void refuse(refusal, request, done)
    })
  })

  async function refuse(
    refusal: Error,
    request: FastifyRequest,
    done: (error: Error) => void,
  ): Promise<void> {
    done(await answerTo(refusal, request).catch((error: unknown) => error as Error))
  }

  async function answerTo(refusal: Error, request: FastifyRequest): Promise<Error> {
    if (refusal instanceof ScimError) return refusal
    if (!hasToken(request)) return challenge('Bearer realm="drawbridge"')
    const counted = await attempt(request)
    if (!counted.isAllowed && counted.isExceeded) {
      await slowDown()
      return new ScimError(429, 'Too many refused tokens from this address', {
        headers: { 'retry-after': String(Math.max(1, counted.ttlInSeconds)) },
      })
    }
    request.log.warn({ requestId: request.id, address: request.ip }, 'SCIM token refused')
    return challenge('Bearer realm="drawbridge", error="invalid_token"')
  }
}

/** Who guesses on waits for each answer; a valid token never comes here. */
const slowMs = 500
const mostSlow = 1_000
let slow = 0
async function slowDown(): Promise<void> {
  // So many at once are held back no more: each holds a connection.
  if (slow >= mostSlow) return
  slow += 1
  await delay(slowMs, undefined, { ref: false }).finally(() => (slow -= 1))
}

/** Without a token nothing was guessed: such a request asks how to authenticate (RFC 6750 §3). */
function hasToken({ headers }: FastifyRequest): boolean {
  return /^bearer +\S/i.test(headers.authorization ?? '')
}

function challenge(scheme: string): ScimError {
  return new ScimError(401, 'A valid bearer token is required', { headers: { 'www-authenticate': scheme } })
}

const mostSeen = 1_000

/** The client of each token that was valid lately, to word an answer by while no token can be verified; it opens nothing. */
function createSeenClients(): {
  keep(secret: string, client: ClientProfile): void
  of(secret: string): ClientProfile | undefined
} {
  const seen = new Map<string, ClientProfile>()
  const keyOf = (secret: string): string => createHash('sha256').update(secret).digest('base64')
  return {
    keep(secret, client) {
      // Nearly every directory has the usual answer: nothing is kept for them.
      if (switchesOf(client).retryStatus === 503) return
      seen.set(keyOf(secret), client)
      if (seen.size > mostSeen) seen.delete(seen.keys().next().value ?? '')
    },
    of: (secret) => seen.get(keyOf(secret)),
  }
}
