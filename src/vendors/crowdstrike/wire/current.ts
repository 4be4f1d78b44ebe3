import Type, { type Static } from 'typebox'
import type { HeldEntitlement } from '../../contract.ts'
import type { FalconUser } from '../client/client.ts'
import { plainCid } from '../auth/regions.ts'
import { instant, Meta } from './envelope.ts'

/** `uuid` is the id, `uid` the e-mail address. CrowdStrike/falconpy _user_management.py, 2026-04. */
const User = Type.Object({
  uuid: Type.String({ minLength: 1 }),
  uid: Type.String({ minLength: 1 }),
  cid: Type.Optional(Type.String()),
  first_name: Type.Optional(Type.String()),
  last_name: Type.Optional(Type.String()),
  created_at: Type.Optional(Type.String()),
  updated_at: Type.Optional(Type.String()),
  last_login_at: Type.Optional(Type.String()),
  factors: Type.Optional(Type.Union([Type.Null(), Type.Array(Type.String())])),
})
type User = Static<typeof User>

export const Users = Type.Object({ resources: Type.Union([Type.Null(), Type.Array(User)]) })

/** One grant of one role in one CID. Grants through a user group or a CID group name the group. */
const Grant = Type.Object({
  cid: Type.Optional(Type.String()),
  role_id: Type.String({ minLength: 1 }),
  grant_type: Type.Optional(Type.String()),
  expires_at: Type.Optional(Type.String()),
  user_group_id: Type.Optional(Type.String()),
  cid_group_id: Type.Optional(Type.String()),
})
export type Grant = Static<typeof Grant>

export const GrantPage = Type.Object({
  resources: Type.Union([Type.Null(), Type.Array(Grant)]),
  meta: Type.Optional(Meta),
})

/** `status` is not read: nothing public says what it means. */
export function toUser(user: User): FalconUser {
  const lastLoginAt = instant(user.last_login_at)
  const updatedAt = instant(user.updated_at)
  return {
    id: user.uuid,
    login: user.uid,
    givenName: user.first_name,
    familyName: user.last_name,
    cid: user.cid && plainCid(user.cid),
    createdAt: instant(user.created_at),
    facts: {
      ...(lastLoginAt && { lastLoginAt }),
      ...(updatedAt && { updatedAt }),
      ...(user.factors && { twoFactor: user.factors.length > 0 }),
    },
  }
}

/**
 * One entry per role and CID. A direct grant counts before an inherited one, because it is the one that can be
 * revoked; a lasting one before a temporary one, and of those the one that ends last.
 */
export function toHeld(grants: readonly Grant[], home: string): readonly HeldEntitlement[] {
  const held = new Map<string, HeldEntitlement>()
  for (const grant of [...grants].sort(
    (one, other) => weight(other) - weight(one) || endMs(one) - endMs(other),
  )) {
    const scope = { level: 'cid', id: plainCid(grant.cid ?? home) } as const
    const until = instant(grant.expires_at)
    held.set(`${scope.id} ${grant.role_id}`, {
      kind: 'role',
      id: grant.role_id,
      scope,
      ...(until && { until }),
      ...(isInherited(grant) && { inherited: true }),
    })
  }
  return [...held.values()]
}

/** The lightest is set last and stays. */
function weight(grant: Grant): number {
  return (isInherited(grant) ? 2 : 0) + (instant(grant.expires_at) ? 1 : 0)
}

function endMs({ expires_at: end }: Grant): number {
  return Date.parse(instant(end) ?? '') || 0
}

/** The values of `grant_type` are not published, so the group that a grant came through counts as well. */
function isInherited({ grant_type = '', user_group_id, cid_group_id }: Grant): boolean {
  return Boolean(user_group_id) || Boolean(cid_group_id) || /group|inherit/i.test(grant_type)
}
