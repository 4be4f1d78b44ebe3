import { entitlementKey, type EntitlementChange, type EntitlementRef } from '../contract.ts'
import { floorRole, teamAdmin } from './roles.ts'
import { type Member, roleOf, type TeamRole, teamRolesOf } from './wire.ts'

/** What an update carries. The teams are the whole set: a member loses each one that is not named. */
export interface Membership {
  readonly orgRole: string
  readonly teamRoles: readonly TeamRole[]
}

/** A membership for an invitation, out of what the draft names. */
export function membershipOf(entitlements: readonly EntitlementRef[]): Membership {
  return apply({ orgRole: floorRole, teamRoles: [] }, { assign: entitlements, revoke: [] })
}

/** The membership after the change; what the change does not name stays as it is. Undefined when nothing differs. */
export function changed(member: Member, change: EntitlementChange): Membership | undefined {
  const before = { orgRole: roleOf(member), teamRoles: teamRolesOf(member) }
  const after = apply(before, change)
  return isSame(before, after) ? undefined : after
}

function apply({ orgRole, teamRoles }: Membership, { assign, revoke }: EntitlementChange): Membership {
  const gone = new Set(revoke.map(entitlementKey))
  const wanted = new Set(assign.map(entitlementKey))
  const role = assign.findLast((ref) => ref.kind === 'role' && ref.scope === undefined)?.id
  const remaining = gone.has(entitlementKey({ kind: 'role', id: orgRole })) ? floorRole : orgRole

  const kept = teamRoles.filter(({ teamSlug }) => !gone.has(entitlementKey({ kind: 'group', id: teamSlug })))
  const joined = assign.flatMap(teamOf).filter((slug) => kept.every(({ teamSlug }) => teamSlug !== slug))
  const teams = [...kept, ...[...new Set(joined)].map((teamSlug) => ({ teamSlug, role: 'contributor' }))]
  return {
    orgRole: role ?? remaining,
    teamRoles: teams.map((each) => {
      const admin = entitlementKey(teamAdmin(each.teamSlug))
      if (wanted.has(admin)) return { ...each, role: 'admin' }
      return gone.has(admin) && each.role === 'admin' ? { ...each, role: 'contributor' } : each
    }),
  }
}

/** The team that holding the entitlement takes: itself, or the one it is a role in. */
function teamOf({ kind, id, scope }: EntitlementRef): readonly string[] {
  if (kind === 'group') return [id]
  return scope?.level === 'team' ? [scope.id] : []
}

function isSame(one: Membership, other: Membership): boolean {
  const text = ({ orgRole, teamRoles }: Membership) =>
    JSON.stringify([orgRole, teamRoles.map(({ teamSlug, role }) => `${teamSlug}:${role ?? ''}`).sort()])
  return text(one) === text(other)
}
