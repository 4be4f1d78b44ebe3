import type { Account, AccountFacts, AccountSummary, HeldEntitlement } from '../contract.ts'
import { isPrivileged, teamAdmin } from './roles.ts'
import { isPending, type Member, roleOf, teamRolesOf } from './wire.ts'

/** A member as a listing shows it, without teams. */
export function toSummary(member: Member): AccountSummary {
  const { id, email, dateCreated } = member
  const name = member.user?.name || member.name
  // Whoever has no name yet is named by the address.
  const displayName = name && name !== email ? { displayName: name } : {}
  return {
    id,
    login: email,
    profile: { email, ...displayName },
    state: isPending(member) ? 'invited' : 'active',
    ...(dateCreated ? { createdAt: dateCreated } : {}),
    privileged: isPrivileged(roleOf(member)),
    facts: factsOf(member),
  }
}

/** A member as its detail shows it. */
export function toAccount(member: Member): Account {
  return { ...toSummary(member), entitlements: entitlementsOf(member) }
}

/** Whether the e-mail is one of the member's own; invitations keep the spelling that they were made with. */
export function hasEmail({ email, user }: Member, wanted: string): boolean {
  const own = [email, user?.email ?? '', ...(user?.emails ?? []).map((each) => each.email)]
  return own.some((each) => each.toLowerCase() === wanted.toLowerCase())
}

function entitlementsOf(member: Member): readonly HeldEntitlement[] {
  const teams = teamRolesOf(member)
  return [
    { kind: 'role', id: roleOf(member) },
    ...teams.map(({ teamSlug }) => ({ kind: 'group', id: teamSlug }) as const),
    ...teams.filter(({ role }) => role === 'admin').map(({ teamSlug }) => teamAdmin(teamSlug)),
  ]
}

function factsOf(member: Member): AccountFacts {
  const { user, flags, expired, isOnlyOwner, inviterName } = member
  const managedBy = managerOf(flags)
  return {
    ...(flags ? { source: flags['idp:provisioned'] ? 'scim' : 'local' } : {}),
    ...(user?.lastLogin ? { lastLoginAt: user.lastLogin } : {}),
    ...(user?.has2fa === undefined ? {} : { twoFactor: user.has2fa }),
    ...(isPending(member) ? { invitation: expired ? 'expired' : 'pending' } : {}),
    ...(inviterName ? { invitedBy: inviterName } : {}),
    ...(isOnlyOwner ? { lastOwner: true } : {}),
    ...(managedBy ? { managedBy } : {}),
  }
}

function managerOf(flags: Member['flags'] = {}): string | undefined {
  if (flags['idp:provisioned']) return "Sentry's native SCIM (idp:provisioned)"
  if (flags['partnership:restricted']) return 'a Sentry partnership (partnership:restricted)'
  return undefined
}
