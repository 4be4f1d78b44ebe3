import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import rateLimit from '@fastify/rate-limit'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type OperatorRef, type Role, roles } from '../model/operator.ts'
import { Problem } from './problem.ts'

/** A secret of 256 bits, with a prefix by which scanners of repositories and logs find one that leaked. */
export const newSecret = (kind: 'scim' | 'operator'): string =>
  `drawbridge_${kind}_${randomBytes(32).toString('base64url')}`

/** The instant after so many seconds from now; undefined for ever. */
export function expiryAfter(seconds: number | undefined, now = Date.now()): string | undefined {
  return seconds === undefined ? undefined : new Date(now + seconds * 1_000).toISOString()
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks; null before authentication. */
    operator: OperatorRef | null
  }
  interface FastifyContextConfig {
    /** The least role that a route of the operator API asks for. */
    role?: Role
  }
}

export interface OperatorTokens {
  /** The operator of a secret; undefined when unknown, expired or revoked. */
  verifyOperator(secret: string): Promise<OperatorRef | undefined>
  /** Secrets of admins that no table knows, by the name that events show. */
  readonly builtIn: readonly { readonly name: string; readonly secret: string }[]
  /** Refused tokens of one address before it hears 429. */
  readonly failedAttempts: { readonly max: number; readonly windowMs: number }
}

/**
 * Lets operators pass whose role is enough for the route. A token is verified before the attempts of its address are
 * counted, so a valid one is never limited.
 */
export async function authenticateOperators(app: FastifyInstance, tokens: OperatorTokens): Promise<void> {
  const builtIn = tokens.builtIn.map(({ name, secret }) => ({ name, digest: digestOf(secret) }))
  app.decorateRequest('operator', null)
  await app.register(rateLimit, { global: false })
  const { max, windowMs } = tokens.failedAttempts
  const attempt = app.createRateLimit({ max, timeWindow: windowMs })

  app.addHook('onRequest', async (request) => {
    const secret = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
    request.operator = (secret && (await operatorOf(secret))) || null
    if (!request.operator) {
      const counted = await attempt(request)
      const exceeded = !counted.isAllowed && counted.isExceeded
      // As many as are answered with 401 in a window, so that guessing does not fill the log.
      if (secret && !exceeded)
        request.log.warn({ requestId: request.id, address: request.ip }, 'operator secret refused')
      if (!exceeded) throw unauthenticated()
      await delay(slowMs, undefined, { ref: false })
      throw tooMany(counted.ttlInSeconds)
    }
    const needed = request.routeOptions.config.role
    if (needed && !mayAct(request.operator.role, needed)) throw forbidden(request.operator, needed)
  })

  async function operatorOf(secret: string): Promise<OperatorRef | undefined> {
    const digest = digestOf(secret)
    // Each is compared, so that the time tells nothing of which one it was.
    const known = builtIn.filter((each) => timingSafeEqual(each.digest, digest))[0]
    return known ? { name: known.name, role: 'admin' } : tokens.verifyOperator(secret)
  }
}

export function operatorOf(request: FastifyRequest): OperatorRef {
  if (!request.operator) throw new Error('an operator route ran without authentication')
  return request.operator
}

/** Who guesses on waits for each answer; a valid secret never comes there. */
const slowMs = 500

const mayAct = (role: Role, needed: Role): boolean => roles.indexOf(role) >= roles.indexOf(needed)

const digestOf = (secret: string): Buffer => Buffer.from(hash('sha256', secret, 'hex'), 'hex')

function unauthenticated(): Problem {
  return new Problem(
    401,
    'token-required',
    'Send the token of an operator as "Authorization: Bearer …". Tokens of identity providers are not accepted here.',
    { 'www-authenticate': 'Bearer realm="drawbridge operators"' },
  )
}

function tooMany(seconds: number): Problem {
  return new Problem(
    429,
    'too-many-attempts',
    `Too many refused tokens came from this address. Try again in ${Math.max(1, seconds)} s.`,
    {
      'retry-after': String(Math.max(1, seconds)),
    },
  )
}

function forbidden({ name, role }: OperatorRef, needed: Role): Problem {
  return new Problem(
    403,
    'role',
    `Operator ${name} has the role ${role}; this needs the role ${needed}. An admin can create an operator with that role.`,
  )
}
