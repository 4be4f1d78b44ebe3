import Type from 'typebox'
import { defineVendor } from '../contract.ts'
import { staticToken } from '../kit/auth.ts'
import { createRequester } from '../kit/requester.ts'
import { capabilities } from './capabilities.ts'
import { createClient } from './client.ts'
import { classify, wait } from './errors.ts'
import { limitsOf } from './token.ts'
import { examine, routes } from './examination.ts'
import { nativeScim } from './native-scim.ts'
import { createTarget } from './target.ts'
import type { ApiProfile } from '../../model/account.ts'

const regions = { us: 'https://us.sentry.io', de: 'https://de.sentry.io' } as const

/** The API guide knows one address; the vendor's own documentation, one per region. */
function originOf(profile: ApiProfile, region: keyof typeof regions | undefined): string {
  if (region) return regions[region]
  return profile === 'guide' ? 'https://sentry.io' : regions.us
}

export const sentry = defineVendor({
  id: 'sentry',
  name: 'Sentry',
  profiles: ['current', 'guide'],
  settings: Type.Object({
    region: Type.Optional(
      Type.Union([Type.Literal('us'), Type.Literal('de')], {
        description: 'Where the organization is kept.',
      }),
    ),
    organization: Type.String({ minLength: 1, description: 'Slug of the organization.' }),
    sendInvite: Type.Optional(
      Type.Boolean({
        default: true,
        description: 'Mail the invitation. In the guide profile it is always mailed.',
      }),
    ),
  }),
  credentials: Type.Object({
    token: Type.String({ minLength: 1, description: 'Auth token of a user who is Owner or Manager.' }),
  }),
  scopes: ['org:read', 'member:admin', 'team:admin'],
  deprovision: { inactive: ['remove'], deleted: ['remove'] },
  capabilities,
  routes,
  nativeScim,
  connect({ settings, credentials, profile }, kit) {
    const { organization, region, sendInvite = true, baseUrl = originOf(profile, region) } = settings
    const counted = { token: credentials.token, organization: `${organization} at ${baseUrl}` }
    const send = createRequester(
      {
        vendor: 'sentry',
        baseUrl: new URL('/api/0/', baseUrl).href,
        auth: staticToken('Bearer', credentials.token),
        classify,
        wait,
        limits: limitsOf(counted, settings.ratePercent, profile),
      },
      kit,
    )
    const client = createClient(send, { organization, profile, sendInvite })
    const { origin, host, hostname } = new URL(baseUrl)
    const { token } = credentials
    // Not spread: its table changes once the kind of token is known.
    return Object.assign(
      createTarget(client, {
        profile,
        token,
        // Servers of one's own count their organizations anew, from 1.
        ...(/(^|\.)sentry\.io$/.test(hostname) ? {} : { host }),
      }),
      {
        examine: () => examine({ client, token, origin, organization, profile, sendInvite }),
      },
    )
  },
})
