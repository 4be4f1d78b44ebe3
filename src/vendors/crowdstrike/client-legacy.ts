import Type from 'typebox'
import type { Static } from 'typebox'
import { ignoring } from '../../model/errors.ts'
import type { Call, Requester } from '../kit/http.ts'
import { People } from '../kit/shape.ts'
import { plainCid } from './auth.ts'
import {
  chunks,
  type FalconClient,
  type FalconRoles,
  type FalconUser,
  type FalconUsers,
  named,
  onlyUser,
  reads,
  someIds,
  usersOf,
  userWrites,
  writes,
} from './client.ts'
import { requestIdOf } from './errors.ts'
import { Envelope, IdList, IdPage, listing, RoleEntities, type RoleEntity, StringResources } from './wire.ts'

const usersPath = 'users/entities/users/v1'
const rolesPath = 'user-roles/entities/user-roles/v1'
const roleIdsPath = 'user-roles/queries/user-role-ids-by-cid/v1'
/** Most ids in one query string. */
const idsPerRead = 100

/**
 * The routes that CrowdStrike marks as deprecated and still publishes: CrowdStrike/falconpy _user_management.py, 2026-04;
 * gofalcon, 2026-07. Roles count in the own CID only.
 */
export function legacyClient(send: Requester): FalconClient {
  return { ...userCalls(send), ...roleCalls(send), probe: async () => void (await roleIds(send, 'probe')) }
}

async function idsAt(
  send: Requester,
  call: Omit<Call, 'method' | 'pathClass'>,
  shape: typeof StringResources | typeof IdList | typeof IdPage,
): Promise<readonly string[]> {
  return (await send(reads({ ...call, method: 'GET' }), shape)).body.resources ?? []
}

function roleIds(send: Requester, operation: string): Promise<readonly string[]> {
  return idsAt(send, { operation, path: roleIdsPath }, IdList)
}

function userCalls(send: Requester): FalconUsers {
  const change = userWrites(send, usersPath)

  /** Without pages: all ids come at once. */
  const everybody = (operation: string) =>
    idsAt(send, { operation, path: 'users/queries/user-uuids-by-cid/v1' }, IdPage)

  async function users(operation: string, ids: readonly string[]) {
    const call = reads({ operation, method: 'GET', path: usersPath, query: { ids } })
    return ((await send(call, Users)).body.resources ?? []).map(toUser)
  }

  return {
    idsPerRead,
    users,

    async *userIds(operation) {
      yield await everybody(operation)
    },

    async idsOf(operation, login) {
      const path = 'users/queries/user-uuids-by-email/v1'
      const call = { operation, path, query: { uid: login.toLowerCase() } }
      return (await idsAt(send, call, IdPage).catch(ignoring('not-found'))) ?? []
    },

    async someUser(operation) {
      const ids = (await everybody(operation)).slice(0, someIds)
      return (await usersOf({ users, idsPerRead }, operation, ids))[0]
    },

    async create({ login, givenName, familyName }) {
      const body = { uid: login, firstName: givenName, lastName: familyName }
      const reply = await send(writes({ operation: 'create', method: 'POST', path: usersPath, body }), Users)
      const user = onlyUser(reply, (reply.body.resources ?? []).map(toUser))
      return { user, requestId: requestIdOf(reply) }
    },

    update: (id, { givenName, familyName }) =>
      change.update(id, { firstName: givenName, lastName: familyName }),
    remove: change.remove,
  }
}

function roleCalls(send: Requester): FalconRoles {
  return {
    scopedRoles: false,
    tellsGone: false,

    async grants(operation, id, cid) {
      const path = 'user-roles/queries/user-role-ids-by-user-uuid/v1'
      const held = new Set(await idsAt(send, { operation, path, query: { user_uuid: id } }, StringResources))
      return [...held].map((role) => ({ kind: 'role', id: role, scope: { level: 'cid', id: cid } }))
    },

    async roles(operation) {
      const ids = await roleIds(send, operation)
      const entities: RoleEntity[] = []
      for (const batch of chunks(ids, idsPerRead)) {
        const call = reads({ operation, method: 'GET', path: rolesPath, query: { ids: batch } })
        entities.push(...((await send(call, RoleEntities)).body.resources ?? []))
      }
      return named(ids, entities)
    },

    async grant({ id, roleIds: granted }) {
      const query = { user_uuid: id }
      const body = { roleIds: granted }
      const call = writes({ operation: 'changeEntitlements', method: 'POST', path: rolesPath, query, body })
      return { requestId: requestIdOf(await send(call, Envelope)) }
    },

    async revoke({ id, roleIds: ids }) {
      const query = { user_uuid: id, ids }
      const call = writes({ operation: 'changeEntitlements', method: 'DELETE', path: rolesPath, query })
      return { requestId: requestIdOf(await send(call, Envelope)) }
    },
  }
}

/** `uuid` is the id, `uid` the e-mail address; nothing tells when the user was made. gofalcon `domain.UserMetadata`, 2026-07. */
const User = Type.Object({
  uuid: Type.String({ minLength: 1 }),
  uid: Type.String({ minLength: 1 }),
  firstName: Type.Optional(Type.String()),
  lastName: Type.Optional(Type.String()),
  customer: Type.Optional(Type.String()),
})
type User = Static<typeof User>

const Users = listing(People(User))

function toUser({ uuid, uid, firstName, lastName, customer }: User): FalconUser {
  return {
    id: uuid,
    login: uid,
    givenName: firstName,
    familyName: lastName,
    cid: customer ? plainCid(customer) : undefined,
    facts: {},
  }
}
