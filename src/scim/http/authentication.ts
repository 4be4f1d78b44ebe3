import bearerAuth from '@fastify/bearer-auth'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
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
 * never limited. A store that cannot be asked is 503, because 401 tells clients to stop.
 */
export async function authenticate(
  app: FastifyInstance,
  verifyToken: TokenVerifier,
  { max, windowMs }: FailedAttempts,
): Promise<void> {
  app.decorateRequest('verifiedToken', null)
  await app.register(rateLimit, { global: false })
  const attempt = app.createRateLimit({ max, timeWindow: windowMs })

  async function verify(secret: string, request: FastifyRequest): Promise<boolean> {
    try {
      request.verifiedToken = (await verifyToken(secret)) ?? null
    } catch (cause) {
      request.log.error({ err: cause, requestId: request.id }, 'token not verified')
      throw unavailable('The token cannot be verified at the moment', cause)
    }
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
      return new ScimError(429, 'Too many refused tokens from this address', {
        headers: { 'retry-after': String(Math.max(1, counted.ttlInSeconds)) },
      })
    }
    return challenge('Bearer realm="drawbridge", error="invalid_token"')
  }
}

/** Without a token nothing was guessed: such a request asks how to authenticate (RFC 6750 §3). */
function hasToken({ headers }: FastifyRequest): boolean {
  return /^bearer +\S/i.test(headers.authorization ?? '')
}

function challenge(scheme: string): ScimError {
  return new ScimError(401, 'A valid bearer token is required', { headers: { 'www-authenticate': scheme } })
}
