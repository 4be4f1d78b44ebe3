import { VendorError } from '../../../model/errors.ts'
import { noAuthentication } from '../../kit/auth.ts'
import type { Reply } from '../../kit/http.ts'
import type { Kit } from '../../kit/kit.ts'
import { createRequester } from '../../kit/requester.ts'
import { classifyToken, rateLimitWait, requestIdOf } from '../errors.ts'
import type { CrowdstrikeCredentials } from '../settings.ts'

const call = { vendor: 'crowdstrike', operation: 'token', pathClass: 'token' } as const

/** One token call at one origin. Resolves to a 2xx, a redirect or a 401; rejects with any other failure. */
export type TokenCall = (origin: string) => Promise<Reply>

export function tokenCall({ clientId, clientSecret }: CrowdstrikeCredentials, kit: Kit): TokenCall {
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }
  return async (origin) => {
    const send = createRequester(
      {
        vendor: call.vendor,
        baseUrl: `${origin}/`,
        auth: noAuthentication,
        classify: classifyToken,
        wait: rateLimitWait,
        requestId: requestIdOf,
        redact: [clientId, clientSecret],
      },
      kit,
    )
    return send({ ...call, method: 'POST', path: 'oauth2/token', form })
  }
}

/** The credentials, the region or both are wrong: nothing can be done until somebody changes them. */
export function refused(detail: string, reply?: Reply): VendorError {
  const requestId = reply && requestIdOf(reply)
  return new VendorError('unauthenticated', detail, { ...call, status: reply?.status, requestId })
}

export function withoutToken({ status }: Reply): VendorError {
  const details = { ...call, status, certainlyNotDone: true }
  return new VendorError('unexpected', 'the token call brought no token', details)
}
