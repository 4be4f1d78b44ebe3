import Type from 'typebox'
import type { Static } from 'typebox'
import type { Call, Requester } from '../kit/http.ts'
import { People } from '../kit/shape.ts'
import { pages } from '../kit/paginate.ts'
import { plainCid } from './auth.ts'
import {
  byOffsetOf,
  chunks,
  type FalconClient,
  type FalconRoles,
  type FalconUser,
  type FalconUsers,
  loginIndex,
  named,
  onlyUser,
  reads,
  someIds,
  usersOf,
  userWrites,
  writes,
} from './client.ts'
import { requestIdOf } from './errors.ts'
import {
  Envelope,
  IdList,
  IdPage,
  instant,
  listing,
  RoleEntities,
  type RoleEntity,
  StringResources,
} from './wire.ts'

const usersPath = 'users/entities/users/v1'
const uidsPath = 'users/queries/user-uids/v1'
const rolesPath = 'user-roles/entities/user-roles/v1'
const pageSize = 500
/** Most ids in one query string. */
const idsPerRead = 100

/** The paths, parameters and bodies of the user management API guide of 2026-03, and no others. */
export function guideClient(send: Requester, now: () => number): FalconClient {
  return {
    ...userCalls(send, now),
    ...roleCalls(send),
    probe: async () => void (await firstUids(send, 'probe', 1)),
  }
}

async function firstUids(send: Requester, operation: string, limit: number): Promise<readonly string[]> {
  const call = reads({ operation, method: 'GET', path: uidsPath, query: { offset: 0, limit } })
  return (await send(call, IdPage)).body.resources ?? []
}

function userCalls(send: Requester, now: () => number): FalconUsers {
  const reading = userReads(send)
  const index = loginIndex(reading, now)
  const change = userWrites(send, usersPath)

  return {
    ...reading,
    idsOf: index.find,

    async someUser(operation) {
      return (await usersOf(reading, operation, await firstUids(send, operation, someIds)))[0]
    },

    async create({ login, givenName, familyName }) {
      const body = { username: login, first_name: givenName, last_name: familyName }
      const reply = await send(writes({ operation: 'create', method: 'POST', path: usersPath, body }), Users)
      const user = onlyUser(reply, (reply.body.resources ?? []).map(toUser))
      index.keep(user)
      return { user, requestId: requestIdOf(reply) }
    },

    async update(id, { login, givenName, familyName }) {
      const body = { username: login, first_name: givenName, last_name: familyName }
      const receipt = await change.update(id, body)
      if (login !== undefined) index.keep({ id, login })
      return receipt
    },

    async remove(id) {
      const receipt = await change.remove(id)
      index.forget(id)
      return receipt
    },
  }
}

function userReads(send: Requester): Pick<FalconUsers, 'idsPerRead' | 'userIds' | 'users'> {
  return {
    idsPerRead,

    async *userIds(operation) {
      const query = { offset: 0, limit: pageSize }
      const first = reads({ operation, method: 'GET', path: uidsPath, query })
      for await (const { resources } of pages(send, first, IdPage, byOffsetOf)) yield resources ?? []
    },

    async users(operation, ids) {
      const call = reads({ operation, method: 'GET', path: usersPath, query: { ids } })
      return ((await send(call, Users)).body.resources ?? []).map(toUser)
    },
  }
}

function roleCalls(send: Requester): FalconRoles {
  const ids = async (
    call: Omit<Call, 'method' | 'pathClass'>,
    shape: typeof StringResources | typeof IdList = StringResources,
  ) => (await send(reads({ ...call, method: 'GET' }), shape)).body.resources ?? []

  return {
    scopedRoles: false,
    tellsGone: false,

    async grants(operation, id, cid) {
      const path = 'user-roles/queries/user-role-ids-by-user-uuid/v1'
      const held = new Set(await ids({ operation, path, query: { user_uuid: id } }))
      return [...held].map((role) => ({ kind: 'role', id: role, scope: { level: 'cid', id: cid } }))
    },

    async roles(operation) {
      const roleIds = await ids({ operation, path: 'user-roles/queries/roles/v1' }, IdList)
      const entities: RoleEntity[] = []
      for (const batch of chunks(roleIds, idsPerRead)) {
        const call = reads({ operation, method: 'GET', path: rolesPath, query: { ids: batch } })
        entities.push(...((await send(call, RoleEntities)).body.resources ?? []))
      }
      return named(roleIds, entities)
    },

    async grant({ id, roleIds }) {
      const body = { roleIds, user_uuid: id }
      const call = writes({ operation: 'changeEntitlements', method: 'POST', path: rolesPath, body })
      return { requestId: requestIdOf(await send(call, Envelope)) }
    },

    async revoke({ id, roleIds: [roleId] }) {
      const query = { user_uuid: id, roleId }
      const call = writes({ operation: 'changeEntitlements', method: 'DELETE', path: rolesPath, query })
      return { requestId: requestIdOf(await send(call, Envelope)) }
    },
  }
}

/** `uid` is the id, `username` the e-mail address; a `roles` array, should one come, is not believed. */
const User = Type.Object({
  uid: Type.String({ minLength: 1 }),
  username: Type.String({ minLength: 1 }),
  first_name: Type.Optional(Type.String()),
  last_name: Type.Optional(Type.String()),
  customer_id: Type.Optional(Type.String()),
  created_at: Type.Optional(Type.String()),
  updated_at: Type.Optional(Type.String()),
})
type User = Static<typeof User>

const Users = listing(People(User))

function toUser(user: User): FalconUser {
  const updatedAt = instant(user.updated_at)
  return {
    id: user.uid,
    login: user.username,
    givenName: user.first_name,
    familyName: user.last_name,
    cid: user.customer_id ? plainCid(user.customer_id) : undefined,
    createdAt: instant(user.created_at),
    facts: updatedAt ? { updatedAt } : {},
  }
}
