import type { Account, AccountFacts, HeldEntitlement, Profile } from '../../contract.ts'
import type { User } from '../wire.ts'
import type { Names } from './names.ts'
import { isPrivileged, superRole } from './roles.ts'

/** A user as the contract has it; `now` tells whether an activation link still lives. */
export function toAccount(user: User, names: Names, now: number): Account {
  const { _id, userName, email, created, roleId } = user
  const role = roleId ? (names.roles.nameOf(roleId) ?? roleId) : undefined
  const isListed = names.roles.entitlements.find(({ id }) => id === role)
  return {
    id: _id,
    login: userName || email || _id,
    profile: profileOf(user),
    // `active: false` says "turned off" only of somebody who was on: a user who has not followed the link yet has it too.
    state: user.active === false && !isAwaited(user) ? 'disabled' : 'active',
    entitlements: entitlementsOf(user, role, names),
    ...(created ? { createdAt: created } : {}),
    privileged: isListed?.privileged ?? isPrivileged(role ?? ''),
    facts: factsOf(user, role, now),
  }
}

/** Made, and the activation link was never followed. */
function isAwaited({ active, activationExpires, pendingExpiration, lastLogin }: User): boolean {
  return active === false && !lastLogin && Boolean(activationExpires || pendingExpiration)
}

function profileOf({ userName, email, firstName, lastName, preferences }: User): Profile {
  const locale = preferences?.localeId || preferences?.language
  return {
    ...(userName ? { userName } : {}),
    ...(email ? { email } : {}),
    ...(firstName ? { givenName: firstName } : {}),
    ...(lastName ? { familyName: lastName } : {}),
    ...(locale ? { locale } : {}),
  }
}

/** The group of everybody is no entitlement: nobody can be kept out of it. */
function entitlementsOf(
  { groups, adgroups }: User,
  role: string | undefined,
  { everyone }: Names,
): readonly HeldEntitlement[] {
  const own = new Set(groups ?? [])
  const inherited = [...new Set(adgroups ?? [])].filter((id) => !own.has(id))
  return [
    ...(role === undefined ? [] : [{ kind: 'role', id: role } as const]),
    ...[...own].filter((id) => !everyone.has(id)).map((id) => ({ kind: 'group', id }) as const),
    ...inherited.map((id) => ({ kind: 'group', id, inherited: true }) as const),
  ]
}

function factsOf(user: User, role: string | undefined, now: number): AccountFacts {
  const { active, lastLogin, lastUpdated, activeDirectory, createdSso } = user
  const ends = Date.parse(user.activationExpires ?? user.pendingExpiration ?? '')
  return {
    source: activeDirectory ? 'ad' : createdSso ? 'sso' : 'local',
    ...(lastLogin ? { lastLoginAt: lastLogin } : {}),
    ...(lastUpdated ? { updatedAt: lastUpdated } : {}),
    ...(typeof active === 'boolean' ? { emailVerified: !isAwaited(user) } : {}),
    ...(isAwaited(user) ? { invitation: ends < now ? 'expired' : 'pending' } : {}),
    // There is never more than one.
    ...(role === superRole ? { lastOwner: true } : {}),
  }
}
