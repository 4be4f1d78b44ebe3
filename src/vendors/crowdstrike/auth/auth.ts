import type { ApiProfile } from '../../contract.ts'
import { type Authenticator, clientCredentials, type Token as KitToken } from '../../kit/auth.ts'
import { header } from '../../kit/http.ts'
import type { Kit } from '../../kit/kit.ts'
import { fits } from '../../kit/shape.ts'
import { wordsOf } from '../../kit/words.ts'
import { messagesOf } from '../errors.ts'
import type { CrowdstrikeCredentials, CrowdstrikeSettings } from '../settings.ts'
import { Token } from '../wire/envelope.ts'
import { isAuto, regionSearch } from './region-search.ts'
import { isFalconOrigin, knownRegion, regionOrigin, startOrigin } from './regions.ts'
import { refused, tokenCall, withoutToken } from './token-call.ts'

export interface FalconAuth extends Authenticator {
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
