import type { ApiProfile } from '../../model/account.ts'
import { VendorError } from '../../model/errors.ts'
import {
  type Authenticator,
  clientCredentials,
  type Token as KitToken,
  noAuthentication,
} from '../kit/auth.ts'
import { header, type Reply } from '../kit/http.ts'
import type { Kit } from '../kit/kit.ts'
import { createRequester } from '../kit/requester.ts'
import { fits } from '../kit/shape.ts'
import { wordsOf } from '../kit/words.ts'
import { classifyToken, isRedirect, messagesOf, rateLimitWait, requestIdOf } from './errors.ts'
import {
  type CrowdstrikeCredentials,
  type CrowdstrikeSettings,
  type Region,
  regionHosts,
} from './settings.ts'
import { Token } from './wire.ts'

interface FalconAuth extends Authenticator {
  /** The origin of the API that issued the token. Asked after `headers`. */
  origin(): string
}

/** Of a token whose answer does not say; CrowdStrike's are valid for half an hour. */
const defaultExpirySeconds = 1_799

/** OAuth 2.0 client credentials; with the region on `auto` the token call also finds the host, which is then kept. */
export function falconAuth(
  settings: CrowdstrikeSettings,
  credentials: CrowdstrikeCredentials,
  profile: ApiProfile,
  kit: Kit,
): FalconAuth {
  const search = regionSearch(settings, profile, tokenCall(credentials, kit))
  const words = wordsOf(Object.values(credentials))
  let origin = startOrigin(settings)

  async function fetchToken(): Promise<KitToken> {
    const { reply, origin: issuer } = await search(origin)
    if (reply.status === 401) throw refused(words(messagesOf(reply)) || 'wrong client id or secret', reply)
    if (!fits(Token, reply.body)) throw withoutToken(reply)
    const region = knownRegion(header(reply, 'x-cs-region'))
    origin = isAuto(settings) && region && isFalconOrigin(new URL(issuer)) ? regionOrigin(region) : issuer
    return { value: reply.body.access_token, expiresIn: reply.body.expires_in ?? defaultExpirySeconds }
  }

  return { ...clientCredentials({ fetchToken, now: kit.now }), origin: () => origin }
}

interface Answer {
  readonly reply: Reply
  /** Where the answer came from. */
  readonly origin: string
}

/** A token call that begins at an origin and ends where the tenant lives. */
type RegionSearch = (from: string) => Promise<Answer>

const maxRedirects = 3

/** Whether the region is to be found: asked for, or neither region nor address given. */
function isAuto({ region, baseUrl }: CrowdstrikeSettings): boolean {
  return region === 'auto' || (region === undefined && baseUrl === undefined)
}

/**
 * In profile `current` a wrong cloud redirects the token call and the right one is followed, as CrowdStrike's own
 * clients do (gofalcon falcon/cloud.go). In `guide`, where a wrong region is a plain refusal, the published hosts are
 * tried in turn. Without `auto` the given host decides alone.
 */
function regionSearch(settings: CrowdstrikeSettings, profile: ApiProfile, ask: TokenCall): RegionSearch {
  const auto = isAuto(settings)
  const family = simulatedFamily(settings)
  if (profile === 'guide') {
    const published = settings.baseUrl === undefined ? guideRegions.map(regionOrigin) : family
    return (from) => tryHosts(ask, auto ? [from, ...published] : [from])
  }
  return async (from) => {
    let origin = from
    for (let hops = 0; hops <= maxRedirects; hops += 1) {
      const reply = await ask(origin)
      if (!isRedirect(reply)) return { reply, origin }
      origin = redirectTarget(reply, origin, auto, family)
    }
    throw refused('the token call is redirected again and again; set the region')
  }
}

/** Origins that count as CrowdStrike's while the start is a loopback itself. */
function simulatedFamily(settings: CrowdstrikeSettings): readonly string[] {
  if (!isLoopback(startOrigin(settings))) return []
  return (settings.simulatorOrigins ?? []).map(originOf).filter(isLoopback)
}

/** Credentials go nowhere but to CrowdStrike's own domains. */
function redirectTarget(reply: Reply, from: string, auto: boolean, family: readonly string[]): string {
  const region = header(reply, 'x-cs-region')?.slice(0, 40)
  const target = URL.parse(header(reply, 'location') ?? '', from)
  const place = `${target?.host ?? 'nowhere'}${region ? ` (X-Cs-Region ${region})` : ''}`
  if (!auto) {
    const here = new URL(from).host
    throw refused(`wrong region: ${here} sends this API client to ${place}; set region to match`, reply)
  }
  if (target && (isFalconOrigin(target) || family.includes(target.origin))) return target.origin
  throw refused(
    `the token call is redirected to ${place}, which is not CrowdStrike's; nothing was sent there`,
    reply,
  )
}

async function tryHosts(ask: TokenCall, candidates: readonly string[]): Promise<Answer> {
  const origins = [...new Set(candidates)]
  for (const origin of origins) {
    const reply = await ask(origin)
    if (isRedirect(reply)) {
      throw refused(`${origin} redirects the token call, which this API profile does not know`, reply)
    }
    if (reply.status !== 401) return { reply, origin }
  }
  const tried = origins.map((each) => new URL(each).host).join(', ')
  throw refused(`wrong region, or wrong client id or secret (tried ${tried})`)
}

/** Regions whose hosts the guide publishes; only these are tried when it has to guess. */
const guideRegions = ['us-1', 'us-2', 'eu-1'] as const satisfies readonly Region[]

/** Where the first token call goes. */
export function startOrigin(settings: {
  readonly baseUrl?: string
  readonly region?: Region | 'auto'
}): string {
  const { baseUrl, region = 'auto' } = settings
  return baseUrl === undefined ? regionOrigin(region === 'auto' ? 'us-1' : region) : originOf(baseUrl)
}

function originOf(url: string): string {
  return new URL(url).origin
}

function isLoopback(origin: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(origin).hostname)
}

function regionOrigin(region: Region): string {
  return `https://${regionHosts[region]}`
}

/** The region that `X-Cs-Region` names, if it is a published one. */
function knownRegion(value: unknown): Region | undefined {
  return typeof value === 'string' && Object.hasOwn(regionHosts, value) ? (value as Region) : undefined
}

const falconDomains = ['.crowdstrike.com', '.crowdstrike.mil']

/** Whether credentials may be sent to an origin that a redirect names: CrowdStrike's own domains, by https. */
export function isFalconOrigin({ protocol, hostname, port }: URL): boolean {
  return protocol === 'https:' && port === '' && falconDomains.some((domain) => hostname.endsWith(domain))
}

/** A CID as the API writes it: 32 lower-case hexadecimal digits, without the console's checksum suffix. */
export function plainCid(cid: string): string {
  return cid.toLowerCase().replace(/^([0-9a-f]{32})-[0-9a-f]{2}$/, '$1')
}

const call = { vendor: 'crowdstrike', operation: 'token', pathClass: 'token' } as const

/** One token call at one origin. Resolves to a 2xx, a redirect or a 401; rejects with any other failure. */
type TokenCall = (origin: string) => Promise<Reply>

function tokenCall({ clientId, clientSecret }: CrowdstrikeCredentials, kit: Kit): TokenCall {
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
function refused(detail: string, reply?: Reply): VendorError {
  const requestId = reply && requestIdOf(reply)
  return new VendorError('unauthenticated', detail, { ...call, status: reply?.status, requestId })
}

function withoutToken({ status }: Reply): VendorError {
  const details = { ...call, status, certainlyNotDone: true }
  return new VendorError('unexpected', 'the token call brought no token', details)
}
