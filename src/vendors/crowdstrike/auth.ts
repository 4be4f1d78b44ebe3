import Value from 'typebox/value'
import { VendorError } from '../../errors.ts'
import type { ApiProfile } from '../contract.ts'
import {
  type Authenticator,
  clientCredentials,
  noAuthentication,
  type Token as KitToken,
} from '../kit/auth.ts'
import { header, type Reply } from '../kit/http.ts'
import type { Kit } from '../kit/kit.ts'
import { createRequester } from '../kit/requester.ts'
import { wordsOf } from '../kit/words.ts'
import { classifyToken, isRedirect, messagesOf, rateLimitWait, requestIdOf } from './errors.ts'
import {
  guideRegions,
  isFalconOrigin,
  isLoopback,
  knownRegion,
  originOf,
  regionOrigin,
  startOrigin,
} from './regions.ts'
import type { CrowdstrikeCredentials, CrowdstrikeSettings } from './settings.ts'
import { Token } from './wire/envelope.ts'

export interface FalconAuth extends Authenticator {
  /** The origin of the API that issued the token. Asked after `headers`. */
  origin(): string
}

interface Answer {
  readonly reply: Reply
  readonly origin: string
}

const call = { vendor: 'crowdstrike', operation: 'token', pathClass: 'token' } as const
const maxRedirects = 3
/** Of a token whose answer does not say; CrowdStrike's are valid for half an hour. */
const defaultExpirySeconds = 1_799

/**
 * OAuth 2.0 client credentials. With the region on `auto` the token call finds the region: in profile `current` it
 * follows the redirect of a wrong cloud within CrowdStrike's domains, as CrowdStrike's own clients do; in `guide`,
 * where a wrong region is a plain refusal, it tries the published hosts in turn. Otherwise the given host decides.
 */
export function falconAuth(
  settings: CrowdstrikeSettings,
  credentials: CrowdstrikeCredentials,
  profile: ApiProfile,
  kit: Kit,
): FalconAuth {
  const start = startOrigin(settings)
  const auto = settings.region === 'auto' || (settings.region === undefined && settings.baseUrl === undefined)
  const family = isLoopback(start) ? (settings.simulatorOrigins ?? []).map(originOf).filter(isLoopback) : []
  const ask = tokenCalls(credentials, kit)
  const secrets = Object.values(credentials)
  let origin = start

  async function fetchToken(): Promise<KitToken> {
    const { reply, origin: issuer } = await (profile === 'guide' ? tryHosts() : follow())
    if (reply.status === 401) {
      throw refused(wordsOf(secrets)(messagesOf(reply)) || 'wrong client id or secret', reply)
    }
    const token = readable(reply)
    const region = knownRegion(header(reply, 'x-cs-region'))
    origin = auto && region && isFalconOrigin(new URL(issuer)) ? regionOrigin(region) : issuer
    return { value: token.access_token, expiresIn: token.expires_in ?? defaultExpirySeconds }
  }

  async function follow(): Promise<Answer> {
    let at = origin
    for (let hops = 0; hops <= maxRedirects; hops += 1) {
      const reply = await ask(at)
      if (!isRedirect(reply)) return { reply, origin: at }
      at = redirectTarget(reply, at)
    }
    throw refused('the token call is redirected again and again; set the region')
  }

  function redirectTarget(reply: Reply, from: string): string {
    const region = header(reply, 'x-cs-region')?.slice(0, 40)
    const target = URL.parse(header(reply, 'location') ?? '', from)
    const place = `${target?.host ?? 'nowhere'}${region ? ` (X-Cs-Region ${region})` : ''}`
    if (!auto) {
      throw refused(
        `wrong region: ${new URL(from).host} sends this API client to ${place}; set region to match`,
        reply,
      )
    }
    if (target && (isFalconOrigin(target) || family.includes(target.origin))) return target.origin
    throw refused(
      `the token call is redirected to ${place}, which is not CrowdStrike's; nothing was sent there`,
      reply,
    )
  }

  async function tryHosts(): Promise<Answer> {
    const others = settings.baseUrl === undefined ? guideRegions.map(regionOrigin) : family
    const hosts = auto ? [...new Set([origin, ...others])] : [origin]
    for (const at of hosts) {
      const reply = await ask(at)
      if (isRedirect(reply)) {
        throw refused(`${at} redirects the token call, which this API profile does not know`, reply)
      }
      if (reply.status !== 401) return { reply, origin: at }
    }
    const tried = hosts.map((each) => new URL(each).host).join(', ')
    throw refused(`wrong region, or wrong client id or secret (tried ${tried})`)
  }

  return { ...clientCredentials({ fetchToken, now: kit.now }), origin: () => origin }
}

/** One token call at one origin; resolves to 2xx, redirects and 401. Falcon answers 201, the guide's example 200. */
function tokenCalls({ clientId, clientSecret }: CrowdstrikeCredentials, kit: Kit) {
  const form = { grant_type: 'client_credentials', client_id: clientId, client_secret: clientSecret }
  return async (origin: string): Promise<Reply> => {
    const send = createRequester(
      {
        vendor: 'crowdstrike',
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

function readable({ status, body }: Reply): Token {
  if (Value.Check(Token, body)) return body
  throw new VendorError('unexpected', 'the token call brought no token', {
    ...call,
    status,
    certainlyNotDone: true,
  })
}

/** The credentials, the region or both are wrong: nothing can be done until somebody changes them. */
function refused(detail: string, reply?: Reply): VendorError {
  const requestId = reply && requestIdOf(reply)
  return new VendorError('unauthenticated', detail, { ...call, status: reply?.status, requestId })
}
