import type { Capabilities } from '../../model/capabilities.ts'
import type { ApiProfile } from '../../model/account.ts'

/** The e-mail address is the login and fixed after creation; one full name; one role in each scope, of one scope level. */
const common = {
  correlateBy: ['email'],
  attributes: {
    email: { mutability: 'immutable', required: true },
    displayName: { mutability: 'readWrite', required: true },
  },
  scopes: { account: {}, site: {}, tenant: {} },
  entitlements: {
    role: {
      perAccount: 'one',
      assigned: 'on-create',
      write: 'replace',
      perAssign: 100,
      perRevoke: 100,
      catalogue: 'fetched',
      scopeLevels: 'one',
    },
  },
} as const satisfies Omit<Capabilities, 'account'>

/** Two-factor and sessions stay as they were set: whom a rule no longer names must not become less safe by it. */
const settings = {
  canGenerateApiToken: {
    type: 'boolean',
    off: false,
    // A field of update alone, in the public specification and in SentinelOne's clients.
    afterCreate: true,
    description: 'May make an API token.',
  },
  twoFaEnabled: { type: 'boolean', description: 'Must sign in with two factors.' },
  elevatedSessionDurationMinutes: {
    type: 'integer',
    minimum: 1,
    maximum: 1440,
    description: 'Minutes that an elevated session lasts.',
  },
} as const satisfies Capabilities['settings']

const current = {
  ...common,
  settings,
  account: { create: 'invite', disable: false, remove: true },
} as const satisfies Capabilities

/** The guide knows an off switch, `isActive`; nothing else public does. */
const guide = {
  ...common,
  account: { create: 'invite', disable: true, remove: true },
} as const satisfies Capabilities

/** What SentinelOne can do, per API profile, with onboarding mails switched on. */
export function capabilities(profile: ApiProfile) {
  return profile === 'guide' ? guide : current
}

export type SentineloneCapabilities = ReturnType<typeof capabilities>
