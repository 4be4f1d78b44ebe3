import { defineVendor } from '../contract.ts'
import { createRequester } from '../kit/requester.ts'
import { falconAuth } from './auth/auth.ts'
import { capabilities } from './capabilities.ts'
import { currentClient } from './client/current.ts'
import { guideClient } from './client/guide.ts'
import { classify, plainspoken, rateLimitWait, requestIdOf } from './errors.ts'
import { plainCid } from './auth/regions.ts'
import { credentials, settings } from './settings.ts'
import { createTarget } from './target/target.ts'

export const crowdstrike = defineVendor({
  id: 'crowdstrike',
  name: 'CrowdStrike Falcon',
  profiles: ['current', 'guide'],
  settings,
  credentials,
  scopes: ['User management: Read', 'User management: Write'],
  deprovision: { inactive: ['strip'], deleted: ['remove'] },
  capabilities,
  connect({ settings, credentials, profile }, kit) {
    const auth = falconAuth(settings, credentials, profile, kit)
    const send = createRequester(
      {
        vendor: 'crowdstrike',
        baseUrl: () => `${auth.origin()}/`,
        auth,
        classify,
        wait: rateLimitWait,
        requestId: requestIdOf,
        redact: Object.values(credentials),
        // Some endpoints ask for it even where there is no body (CrowdStrike/gofalcon sets it on every call).
        headers: { 'content-type': 'application/json' },
      },
      kit,
    )
    const plain = plainspoken(send)
    const client = profile === 'guide' ? guideClient(plain, kit.now) : currentClient(plain)
    const can = {
      ...capabilities(profile),
      ...(settings.readLagMs !== undefined && { readLagMs: settings.readLagMs }),
    }
    return createTarget(client, can, settings.cid && plainCid(settings.cid))
  },
})
