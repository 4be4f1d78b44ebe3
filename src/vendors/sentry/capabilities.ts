import type { Capabilities } from '../contract.ts'

/**
 * Sentry knows people only as members of an organization: no passwords, no profile of ours, no off switch. Both API
 * profiles can do the same; they differ in fields.
 */
export const capabilities = {
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
