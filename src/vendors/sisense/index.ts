import { defineVendor } from '../contract.ts'
import { endsAt, sisenseAuth } from './auth.ts'
import { capabilities } from './capabilities.ts'
import { currentClient } from './client-current.ts'
import { guideClient } from './client-guide.ts'
import { examine, routes } from './examination.ts'
import { credentials, paceOf, settings } from './settings.ts'
import { nativeScim } from './native-scim.ts'
import { createRequests, needs } from './requests.ts'
import { createNameBook } from './names.ts'
import { createTarget } from './target.ts'

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
  nativeScim,
  connect({ settings, credentials, profile }, kit) {
    const pace = paceOf(settings, credentials)
    const auth = sisenseAuth(settings, credentials, profile, kit)
    const requests = createRequests(settings, credentials, pace, auth, kit)
    const client =
      profile === 'guide' ? guideClient(requests, settings, credentials) : currentClient(requests, settings)
    const names = createNameBook(client, kit.now)
    const { host } = new URL(settings.baseUrl)
    const ends = endsAt(credentials.apiToken)
    return {
      ...createTarget(client, names, capabilities(profile), { host, now: kit.now }),
      ...(ends === undefined ? {} : { credentialsEnd: async () => ends }),
      examine: () => examine({ client, names, profile, settings, credentials, pace, now: kit.now }),
    }
  },
})
