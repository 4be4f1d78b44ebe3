import { defineVendor } from '../contract.ts'
import type { Requester } from '../kit/http.ts'
import { createRequester } from '../kit/requester.ts'
import { falconAuth, plainCid } from './auth.ts'
import { capabilities } from './capabilities.ts'
import type { FalconClient } from './client.ts'
import { currentClient } from './client-current.ts'
import { guideClient } from './client-guide.ts'
import { legacyClient } from './client-legacy.ts'
import { credentials, limitsOf, settings } from './settings.ts'
import { examine, routes } from './examination.ts'
import { classify, classifyLegacy, plainspoken, rateLimitWait, requestIdOf } from './errors.ts'
import { nativeScim } from './native-scim.ts'
import { createTarget } from './target.ts'
import type { ApiProfile } from '../../model/account.ts'

export const crowdstrike = defineVendor({
  id: 'crowdstrike',
  name: 'CrowdStrike Falcon',
  profiles: ['current', 'legacy', 'guide'],
  settings,
  credentials,
  scopes: ['User management: Read', 'User management: Write'],
  deprovision: { inactive: ['strip'], deleted: ['remove'] },
  capabilities,
  routes,
  nativeScim,
  connect({ settings, credentials, profile }, kit) {
    const auth = falconAuth(settings, credentials, profile, kit)
    const send = createRequester(
      {
        vendor: 'crowdstrike',
        baseUrl: () => `${auth.origin()}/`,
        auth,
        classify: profile === 'legacy' ? classifyLegacy : classify,
        wait: rateLimitWait,
        limits: limitsOf(credentials, settings.ratePercent),
        requestId: requestIdOf,
        redact: Object.values(credentials),
        // Some endpoints ask for it even where there is no body (CrowdStrike/gofalcon sets it on every call).
        headers: { 'content-type': 'application/json' },
      },
      kit,
    )
    const plain = plainspoken(send)
    const client = clientOf(profile, plain, kit.now)
    const table = capabilities(profile)
    const can = {
      ...table,
      account: { ...table.account, ...(settings.revokeBeforeRemove && { stripFirst: true }) },
      ...(settings.readLagMs !== undefined && { readLagMs: settings.readLagMs }),
    }
    return {
      ...createTarget(client, can, {
        cid: settings.cid && plainCid(settings.cid),
        memberCids: (settings.memberCids ?? []).map(plainCid),
      }),
      examine: () => examine({ client, send: plain, profile, origin: auth.origin }),
    }
  },
})

function clientOf(profile: ApiProfile, send: Requester, now: () => number): FalconClient {
  if (profile === 'guide') return guideClient(send, now)
  return profile === 'legacy' ? legacyClient(send) : currentClient(send)
}
