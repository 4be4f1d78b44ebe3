import type { ApiProfile } from '../../model/account.ts'
import { VendorError } from '../../model/errors.ts'
import {
  type Authenticator,
  clientCredentials,
  noAuthentication,
  staticToken,
  type Token,
} from '../kit/auth.ts'
import type { Call, Reply } from '../kit/http.ts'
import type { Kit } from '../kit/kit.ts'
import { createRequester } from '../kit/requester.ts'
import { fits } from '../kit/shape.ts'
import { classifiers, describeRefusal, failure, isMissingRoute, wait } from './errors.ts'
import type { SisenseCredentials, SisenseSettings } from './settings.ts'
import { Login } from './wire.ts'

/** Seconds since the epoch at which a token ends, where it says so itself (JWT `exp`, RFC 7519 §4.1.4). */
export function endOf(token: string): number | undefined {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))
    const ends = (claims as { readonly exp?: unknown }).exp
    return typeof ends === 'number' ? ends : undefined
  } catch {
    return undefined
  }
}

/** The same as an ISO 8601 instant; undefined also where there is no token, or no such time. */
export function endsAt(token: string | undefined): string | undefined {
  const seconds = token === undefined ? undefined : endOf(token)
  const ends = new Date((seconds ?? Number.NaN) * 1_000)
  return Number.isNaN(ends.getTime()) ? undefined : ends.toISOString()
}

type Encoding = 'form' | 'json'

/** Sisense locks an account after failed logins; nobody is helped by a third. */
const mostFailures = 2
const circuitMs = 15 * 60_000

/** The token given, or one for everybody from a login that is made once however many ask and repeated after a 401. */
export function sisenseAuth(
  { baseUrl }: SisenseSettings,
  { apiToken, username = '', password = '' }: SisenseCredentials,
  profile: ApiProfile,
  kit: Kit,
): Authenticator {
  if (apiToken !== undefined) return staticToken('Bearer', apiToken)
  const send = createRequester(
    {
      vendor: 'sisense',
      baseUrl: `${baseUrl}/`,
      auth: noAuthentication,
      classify: classifiers.login,
      describe: describeRefusal,
      wait,
      redact: [username, password],
    },
    kit,
  )
  const attempt = loginIn(profile, { username, password }, send)
  const guarded = breaking(attempt, kit.now)
  return clientCredentials({ fetchToken: async () => tokenOf(await guarded(), kit.now()), now: kit.now })
}

/**
 * One login. The vendor's specification takes a form, the API guide shows JSON: the profile's own comes first, the
 * other once if that is refused, and what worked is kept.
 */
function loginIn(
  profile: ApiProfile,
  credentials: Readonly<Record<string, string>>,
  send: (call: Call) => Promise<Reply>,
): () => Promise<Reply> {
  let encodings: readonly Encoding[] = profile === 'guide' ? ['json', 'form'] : ['form', 'json']
  // Legacy Windows instances have it below v0.9, also while the API profile is not known yet.
  let bases: readonly string[] = ['api/v1', 'api/v0.9']

  async function post(base: string, encoding: Encoding): Promise<Reply> {
    const call = { operation: 'login', method: 'POST', pathClass: 'login' } as const
    const path = `${base}/authentication/login`
    return send({ ...call, path, ...(encoding === 'form' ? { form: credentials } : { body: credentials }) })
  }

  const inEither = async (base: string): Promise<Reply> => {
    const [first = 'form', second = 'json'] = encodings
    try {
      return await post(base, first)
    } catch (error) {
      if (!(error instanceof VendorError) || ![400, 415, 422].includes(error.status ?? 0)) throw error
      const reply = await post(base, second)
      encodings = [second, first]
      return reply
    }
  }

  return async () => {
    const [first = 'api/v1', second] = bases
    try {
      return await inEither(first)
    } catch (error) {
      if (second === undefined || !isMissingRoute(error)) throw error
      const reply = await inEither(second)
      bases = [second, first]
      return reply
    }
  }
}

/** Lets nobody try again for a quarter of an hour once the credentials were refused twice in a row. */
function breaking(attempt: () => Promise<Reply>, now: () => number): () => Promise<Reply> {
  let failures = 0
  let closedUntil = Number.NEGATIVE_INFINITY
  return async () => {
    if (failures >= mostFailures && now() < closedUntil) {
      throw refusal('two logins were refused; no other is tried for now, so that the user is not locked out')
    }
    try {
      const reply = accepted(await attempt())
      failures = 0
      return reply
    } catch (error) {
      if (error instanceof VendorError && isAboutCredentials(error)) {
        failures += 1
        closedUntil = now() + circuitMs
        throw refusal(error.detail, error)
      }
      // Without its status: the path of the call that needed the token may well be there.
      if (isMissingRoute(error)) throw notThere(error)
      throw error
    }
  }
}

/** A login may be refused with a 200 and `success: false`. */
function accepted(reply: Reply): Reply {
  if ((reply.body as { readonly success?: unknown } | undefined)?.success !== false) return reply
  throw refusal(describeRefusal(reply) ?? 'the login was refused')
}

function isAboutCredentials({ failure, status = 0 }: VendorError): boolean {
  return failure === 'unauthenticated' || [400, 422].includes(status)
}

function notThere(cause: unknown): VendorError {
  const details = { pathClass: 'login', certainlyNotDone: true, cause }
  return failure('unexpected', 'login', 'there is no login at this address; check baseUrl', details)
}

function refusal(detail: string, { status, cause }: { status?: number | undefined; cause?: unknown } = {}) {
  return failure('unauthenticated', 'login', detail, { status, cause, pathClass: 'login' })
}

/** Tokens of old versions never end; newer ones may say so themselves. */
function tokenOf({ body }: Reply, now: number): Token {
  if (!fits(Login, body)) {
    throw failure('unexpected', 'login', 'the login brought no access_token', { certainlyNotDone: true })
  }
  const ends = endOf(body.access_token)
  const expiresIn = ends === undefined ? Number.POSITIVE_INFINITY : Math.max(0, ends - now / 1000)
  return { value: body.access_token, expiresIn }
}
