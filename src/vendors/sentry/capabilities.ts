import type { Capabilities } from '../../model/capabilities.ts'
import type { ApiProfile } from '../../model/account.ts'

/**
 * Sentry knows people only as members of an organization: no passwords, no profile of ours, no off switch. Of teams
 * themselves only today's API takes care; otherwise both API profiles can do the same and differ in fields.
 */
const guide = {
  account: { create: 'invite', disable: false, remove: true, invitationDays: 30 },
  correlateBy: ['email'],
  attributes: {
    email: { mutability: 'immutable', required: true },
    displayName: { mutability: 'readOnly' },
  },
  entitlements: {
    role: {
      perAccount: 'one',
      assigned: 'on-create',
      write: 'replace',
      perAssign: 1,
      perRevoke: 1,
      catalogue: 'fetched',
      floor: ['member'],
    },
    group: {
      perAccount: 'many',
      assigned: 'on-create',
      write: 'delta',
      perAssign: 1,
      perRevoke: 1,
      catalogue: 'fetched',
    },
  },
} as const satisfies Capabilities

/** Whoever makes a team is in it at once. */
const current = {
  ...guide,
  groups: { rename: true, remove: true, creatorJoins: true },
} as const satisfies Capabilities

/** What Sentry can do, per API profile. */
export function capabilities(profile: ApiProfile) {
  return profile === 'guide' ? guide : current
}

export type SentryCapabilities = ReturnType<typeof capabilities>
