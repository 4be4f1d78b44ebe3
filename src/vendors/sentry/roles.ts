import type { Entitlement, EntitlementRef } from '../contract.ts'
import type { OrganizationRole } from './wire.ts'

/** What an account keeps when its role is taken away. */
export const floorRole = 'member'

/** Organization roles as the API guide and docs.sentry.io name them, for tokens that are not told the list. */
const knownRoles: readonly OrganizationRole[] = [
  { id: 'billing', name: 'Billing' },
  { id: 'member', name: 'Member' },
  { id: 'admin', name: 'Admin' },
  { id: 'manager', name: 'Manager' },
  { id: 'owner', name: 'Owner' },
]

const privilegedRoles = new Set(['admin', 'manager', 'owner'])

export function isFloor({ id, scope }: EntitlementRef): boolean {
  return id === floorRole && scope === undefined
}

export function isPrivileged(role: string): boolean {
  return privilegedRoles.has(role)
}

/** Roles that can be assigned; those that the organization's plan has retired are left out. */
export function roleEntitlements(roles: readonly OrganizationRole[] = knownRoles): readonly Entitlement[] {
  return roles
    .filter(({ isRetired }) => !isRetired)
    .map(({ id, name }) => ({ kind: 'role', id, name, privileged: isPrivileged(id) }))
}

/** The team role `admin`. Its other team role, contributor, is what every member of a team has anyway. */
export function teamAdmin(slug: string): EntitlementRef {
  return { kind: 'role', id: 'admin', scope: { level: 'team', id: slug } }
}

export function teamEntitlements({
  slug,
  name,
}: {
  readonly slug: string
  readonly name: string
}): readonly Entitlement[] {
  return [
    { kind: 'group', id: slug, name },
    { ...teamAdmin(slug), name: 'Team Admin' },
  ]
}
