import Type from 'typebox'
import type { Static } from 'typebox'
import type { HeldEntitlement } from '../../model/account.ts'
import { VendorError } from '../../model/errors.ts'
import type { Receipt } from '../contract.ts'
import type { Requester } from '../kit/http.ts'
import { People } from '../kit/shape.ts'
import { pages } from '../kit/paginate.ts'
import { plainCid } from './auth.ts'
import {
  byOffsetOf,
  chunks,
  type FalconClient,
  type FalconRoles,
  type FalconUser,
  type FalconUserDraft,
  type FalconUsers,
  named,
  onlyUser,
  quoted,
  reads,
  type RoleChange,
  someIds,
  userWrites,
  writes,
} from './client.ts'
import { requestIdOf } from './errors.ts'
import { Envelope, IdList, IdPage, instant, listing, RoleEntities, type RoleEntity } from './wire.ts'

const usersPath = 'user-management/entities/users/v1'
const idsPath = 'user-management/queries/users/v1'
/** Largest page that the queries allow, and most ids that an entity read takes. */
const pageSize = 500
const idsPerRead = 5_000

/** CrowdStrike's present User Management API. CrowdStrike/falconpy _user_management.py, 2026-04; gofalcon, 2026-07. */
export function currentClient(send: Requester): FalconClient {
  return {
    ...userCalls(send),
    ...roleCalls(send),
    probe: async () => void (await search(send, 'probe', undefined, 1)),
  }
}

/** For `.catch`: an answer of the API itself, and not of its token endpoint, that could not be read. */
function ignoringUnreadable(error: unknown): undefined {
  if (error instanceof VendorError && error.failure === 'unexpected' && !error.certainlyNotDone)
    return undefined
  throw error
}

async function search(
  send: Requester,
  operation: string,
  filter: string | undefined,
  limit: number,
  offset?: number,
) {
  const call = reads({ operation, method: 'GET', path: idsPath, query: { filter, offset, limit } })
  return (await send(call, IdPage)).body.resources ?? []
}

function userCalls(send: Requester): FalconUsers {
  const change = userWrites(send, usersPath)

  async function users(operation: string, ids: readonly string[]) {
    const path = 'user-management/entities/users/GET/v1'
    const reply = await send(reads({ operation, method: 'POST', path, body: { ids } }), Users)
    return (reply.body.resources ?? []).map(toUser)
  }

  async function oneByOne(operation: string, filter: string | undefined): Promise<FalconUser | undefined> {
    let unreadable: unknown
    for (let offset = 0; offset < someIds; offset++) {
      try {
        const [id] = await search(send, operation, filter, 1, offset)
        if (id === undefined) break
        const [user] = await users(operation, [id])
        if (user) return user
      } catch (error) {
        ignoringUnreadable(error)
        unreadable = error
      }
    }
    if (unreadable !== undefined) throw unreadable
    return undefined
  }

  return {
    idsPerRead,
    users,

    async *userIds(operation) {
      const first = reads({ operation, method: 'GET', path: idsPath, query: { offset: 0, limit: pageSize } })
      for await (const { resources } of pages(send, first, IdPage, byOffsetOf)) yield resources ?? []
    },

    // The filter wants lower case: Falcon stores addresses so.
    idsOf: (operation, login) => search(send, operation, `uid:${quoted(login.toLowerCase())}`, 10),

    async someUser(operation, cid) {
      // One whose entry cannot be read must not stand for all.
      const filter = cid && `cid:${quoted(cid)}`
      const ids = await search(send, operation, filter, someIds).catch(ignoringUnreadable)
      const read = ids && ids.length > 0 ? await users(operation, ids).catch(ignoringUnreadable) : ids && []
      return read ? read[0] : oneByOne(operation, filter)
    },

    async create(draft) {
      const body = newUser(draft)
      const reply = await send(writes({ operation: 'create', method: 'POST', path: usersPath, body }), Users)
      const created = (reply.body.resources ?? []).map(toUser)
      return { user: onlyUser(reply, created), requestId: requestIdOf(reply) }
    },

    async rehearse(draft) {
      const query = { validate_only: true }
      const body = newUser(draft)
      await send(writes({ operation: 'rehearse', method: 'POST', path: usersPath, query, body }), Envelope)
    },

    update: (id, { givenName, familyName }) =>
      change.update(id, { first_name: givenName, last_name: familyName }),
    remove: change.remove,
  }
}

function roleCalls(send: Requester): FalconRoles {
  async function act(action: 'grant' | 'revoke', change: RoleChange): Promise<Receipt> {
    const { id, cid, roleIds, until } = change
    const path = 'user-management/entities/user-role-actions/v1'
    const body = { action, uuid: id, cid, role_ids: roleIds, ...(until && { expires_at: until }) }
    const call = writes({ operation: 'changeEntitlements', method: 'POST', path, body })
    return { requestId: requestIdOf(await send(call, Envelope)) }
  }

  return {
    scopedRoles: true,
    tellsGone: true,
    grant: (change) => act('grant', change),
    revoke: (change) => act('revoke', change),

    async grants(operation, id, cid) {
      const path = 'user-management/combined/user-roles/v2'
      const query = { user_uuid: id, cid, direct_only: false, offset: 0, limit: pageSize }
      const first = reads({ operation, method: 'GET', path, query })
      const grants: Grant[] = []
      let total = 0
      for await (const page of pages(send, first, GrantPage, byOffsetOf)) {
        grants.push(...(page.resources ?? []))
        total = Math.max(total, page.meta?.pagination?.total ?? 0)
      }
      // Counted but not shown: read as "holds nothing", this would prove a removal that did not happen.
      if (grants.length === 0 && total > 0) {
        const details = { vendor: send.vendor, operation }
        throw new VendorError('unexpected', `the answer counts ${total} roles and shows none`, details)
      }
      return toHeld(grants, cid)
    },

    async roles(operation, cid) {
      const query = { cid }
      const idCall = reads({ operation, method: 'GET', path: 'user-management/queries/roles/v1', query })
      const ids = (await send(idCall, IdList)).body.resources ?? []
      const path = 'user-management/entities/roles/GET/v2'
      const entities: RoleEntity[] = []
      for (const batch of chunks(ids, idsPerRead)) {
        const call = reads({ operation, method: 'POST', path, query, body: { ids: batch } })
        entities.push(...((await send(call, RoleEntities)).body.resources ?? []))
      }
      return named(ids, entities)
    },
  }
}

function newUser({ login, givenName, familyName, cid }: FalconUserDraft): object {
  return { uid: login, first_name: givenName, last_name: familyName, ...(cid && { cid }) }
}

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

const Users = listing(People(User))

/** One grant of one role in one CID. Grants through a user group or a CID group name the group. */
const Grant = Type.Object({
  cid: Type.Optional(Type.String({ minLength: 1 })),
  role_id: Type.String({ minLength: 1 }),
  grant_type: Type.Optional(Type.String()),
  expires_at: Type.Optional(Type.String()),
  user_group_id: Type.Optional(Type.String()),
  cid_group_id: Type.Optional(Type.String()),
})
export type Grant = Static<typeof Grant>

const GrantPage = listing(Type.Array(Grant))

/** `status` is not read: nothing public says what it means. */
function toUser(user: User): FalconUser {
  const lastLoginAt = instant(user.last_login_at)
  const updatedAt = instant(user.updated_at)
  return {
    id: user.uuid,
    login: user.uid,
    givenName: user.first_name,
    familyName: user.last_name,
    cid: user.cid ? plainCid(user.cid) : undefined,
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
