import type { ApiProfile } from '../../contract.ts'
import { header, type Reply } from '../../kit/http.ts'
import { isRedirect } from '../errors.ts'
import type { CrowdstrikeSettings } from '../settings.ts'
import { guideRegions, isFalconOrigin, isLoopback, originOf, regionOrigin, startOrigin } from './regions.ts'
import { refused, type TokenCall } from './token-call.ts'

export interface Answer {
  readonly reply: Reply
  /** Where the answer came from. */
  readonly origin: string
}

/** A token call that begins at an origin and ends where the tenant lives. */
export type RegionSearch = (from: string) => Promise<Answer>

const maxRedirects = 3

/** Whether the region is to be found: asked for, or neither region nor address given. */
export function isAuto({ region, baseUrl }: CrowdstrikeSettings): boolean {
  return region === 'auto' || (region === undefined && baseUrl === undefined)
}

/**
 * In profile `current` a wrong cloud redirects the token call and the right one is followed, as CrowdStrike's own
 * clients do (gofalcon falcon/cloud.go). In `guide`, where a wrong region is a plain refusal, the published hosts are
 * tried in turn. Without `auto` the given host decides alone.
 */
export function regionSearch(
  settings: CrowdstrikeSettings,
  profile: ApiProfile,
  ask: TokenCall,
): RegionSearch {
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
