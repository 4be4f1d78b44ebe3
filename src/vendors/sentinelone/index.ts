import { type Capabilities } from '../../model/capabilities.ts'
import { defineVendor } from '../contract.ts'
import { staticToken } from '../kit/auth.ts'
import { createRequester } from '../kit/requester.ts'
import { capabilities } from './capabilities.ts'
import { currentClient } from './client-current.ts'
import { guideClient } from './client-guide.ts'
import { classify, wait } from './errors.ts'
import { credentials, defaultSteps, limitsOf, settings } from './settings.ts'
import { nativeScim } from './native-scim.ts'
import { examine, routes } from './examination.ts'
import { createSession } from './session.ts'
import { createTarget } from './target.ts'

export const sentinelone = defineVendor({
  id: 'sentinelone',
  name: 'SentinelOne',
  profiles: ['current', 'guide'],
  settings,
  credentials,
  scopes: [
    'role Admin, or a role with Users: View, Create, Edit, Delete, Revoke API tokens; Roles: View; Sites: View',
  ],
  deprovision: defaultSteps({}),
  deprovisionFor: defaultSteps,
  capabilities,
  routes,
  nativeScim,
  connect({ settings, credentials, profile }, kit) {
    const send = createRequester(
      {
        vendor: 'sentinelone',
        baseUrl: new URL('/web/api/v2.1/', settings.baseUrl).href,
        // Not Bearer: the console knows a scheme of its own.
        auth: staticToken('ApiToken', credentials.apiToken),
        classify,
        wait,
        limits: limitsOf(credentials, settings.ratePercent),
      },
      kit,
    )
    // Without onboarding nobody is invited; the guide knows no such switch.
    const onboarding = profile === 'guide' || settings.onboarding !== false
    const table: Capabilities = capabilities(profile)
    const can = onboarding ? table : { ...table, account: { ...table.account, create: 'direct' as const } }
    const client = profile === 'guide' ? guideClient(send) : currentClient(send)
    const session = createSession(client, { ...settings, onboarding }, kit.now)
    const { apiToken } = credentials
    const { origin } = new URL(settings.baseUrl)
    return {
      ...createTarget(client, can, session),
      examine: () => examine({ session, apiToken, profile, settings, origin }),
    }
  },
})
