import type { ApiProfile } from '../../model/account.ts'
import type { Capabilities } from '../../model/capabilities.ts'

/**
 * How long reads of roles were seen to lag behind writes: CrowdStrike's Terraform provider polls for 90 s
 * (internal/user/user_role_assignment.go, 2026-08).
 */
const roleLagMs = 90_000

const account = { create: 'direct', disable: false, remove: true } as const

const names = {
  givenName: { mutability: 'readWrite', required: true },
  familyName: { mutability: 'readWrite', required: true },
} as const

const role = {
  perAccount: 'many',
  assigned: 'separately',
  write: 'delta',
  perAssign: 100,
  perRevoke: 100,
  catalogue: 'fetched',
} as const

/** The e-mail address is the login, unique over all of CrowdStrike and fixed. Names are always written as a pair. */
const current = {
  account,
  correlateBy: ['email'],
  attributes: { email: { mutability: 'immutable', required: true }, ...names },
  updateTogether: ['givenName', 'familyName'],
  scopes: { cid: { checksumDigits: 2 } },
  entitlements: {
    role: { ...role, expires: true },
  },
  readLagMs: roleLagMs,
} as const satisfies Capabilities

/** Sends only what changes, may rename the login, and revokes one role a call. */
const guide = {
  account,
  correlateBy: ['email'],
  attributes: { email: { mutability: 'readWrite', required: true }, ...names },
  scopes: { cid: { checksumDigits: 2 } },
  entitlements: {
    role: { ...role, perRevoke: 1 },
  },
  readLagMs: roleLagMs,
} as const satisfies Capabilities

/** The deprecated routes: names go one by one, roles many a call. */
const legacy = {
  account,
  correlateBy: ['email'],
  attributes: current.attributes,
  scopes: { cid: { checksumDigits: 2 } },
  entitlements: { role },
  readLagMs: roleLagMs,
} as const satisfies Capabilities

const tables = { current, legacy, guide } as const

/** What Falcon can do, per API profile. */
export function capabilities(profile: ApiProfile) {
  return tables[profile]
}

export type FalconCapabilities = ReturnType<typeof capabilities>

/** Role ids are compared exactly. Custom administrator roles cannot be known by id. */
const administrators: ReadonlySet<string> = new Set([
  // Falcon Administrator, as the user management guide of 2026-03 spells it.
  'falcon_admin',
  // Falcon Administrator, as CrowdStrike's PSFalcon spells it in its own examples (public/user-management.ps1).
  'falconhost_admin',
])

/** Whether a role is one of Falcon's administrator roles. */
export function isPrivileged(roleId: string): boolean {
  return administrators.has(roleId)
}
