import { defineVendor } from '../contract.ts'
import { sisenseAuth } from './auth.ts'
import { capabilities } from './capabilities.ts'
import { currentClient } from './client/current.ts'
import { guideClient } from './client/guide.ts'
import { plan } from './plan.ts'
import { createRequests, needs } from './requests.ts'
import { routes } from './routes.ts'
import { credentials, settings } from './settings.ts'
import { createTarget } from './target/target.ts'

export const sisense = defineVendor({
  id: 'sisense',
  name: 'Sisense',
  profiles: ['current', 'guide'],
  settings,
  credentials,
  scopes: [needs],
  deprovision: { inactive: ['disable', 'strip'], deleted: ['remove'] },
  capabilities,
  routes,
  plan,
  connect({ settings, credentials, profile }, kit) {
    const requests = createRequests(
      settings,
      credentials,
      sisenseAuth(settings, credentials, profile, kit),
      kit,
    )
    const client =
      profile === 'guide' ? guideClient(requests, settings, credentials) : currentClient(requests, settings)
    return createTarget(client, capabilities(profile), { host: new URL(settings.baseUrl).host, now: kit.now })
  },
})
