import type { Capabilities } from '../../model/capabilities.ts'
import type { ApiProfile } from '../../model/account.ts'

/**
 * The off switch is in the API guide of 2026-03 and not in the vendor's own specification (Linux L8.2.4): worth trying
 * in both profiles, believed only when read back.
 */
const account = { create: 'direct', disable: true, remove: true } as const

/** Both names log in, so an account is found by either. Sisense fills in a locale for everybody. */
const people = {
  correlateBy: ['userName', 'email'],
  attributes: {
    userName: { mutability: 'readWrite', required: true },
    email: { mutability: 'readWrite', required: true },
    givenName: { mutability: 'readWrite' },
    familyName: { mutability: 'readWrite' },
    locale: { mutability: 'readWrite', required: true },
  },
} as const

const role = {
  perAccount: 'one',
  assigned: 'on-create',
  write: 'replace',
  perAssign: 1,
  perRevoke: 1,
  catalogue: 'fetched',
  // Viewer: every user has a role, and this is the lowest.
  floor: ['consumer'],
} as const

const group = {
  perAccount: 'many',
  assigned: 'on-create',
  perAssign: 1,
  perRevoke: 1,
  catalogue: 'fetched',
} as const

/** One group goes by the group's own route; a role, and groups with it, by one PATCH of the user. */
const current = {
  account,
  ...people,
  entitlements: { role, group: { ...group, write: 'delta' } },
  groups: { rename: true, remove: true },
} as const satisfies Capabilities

/** Groups are changed by writing the user's whole `groups`. */
const guide = {
  account,
  ...people,
  entitlements: { role, group: { ...group, write: 'replace' } },
} as const satisfies Capabilities

/** What Sisense can do, per API profile. */
export function capabilities(profile: ApiProfile) {
  return profile === 'guide' ? guide : current
}

export type SisenseCapabilities = ReturnType<typeof capabilities>
