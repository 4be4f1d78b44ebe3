import type { Receipt } from '../../contract.ts'
import type { Requester } from '../../kit/http.ts'
import { pages } from '../../kit/paginate.ts'
import { requestIdOf } from '../errors.ts'
import { type Grant, GrantPage, toHeld, toUser, Users } from '../wire/current.ts'
import { Envelope, IdPage, RoleEntities, type RoleEntity, StringResources } from '../wire/envelope.ts'
import type { FalconClient, FalconRoles, FalconUserDraft, FalconUsers, RoleChange } from './client.ts'
import { byOffsetOf, chunks, named, onlyUser, quoted, reads, userWrites, writes } from './shared.ts'

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

async function search(send: Requester, operation: string, filter: string | undefined, limit: number) {
  const call = reads({ operation, method: 'GET', path: idsPath, query: { filter, limit } })
  return (await send(call, IdPage)).body.resources ?? []
}

function userCalls(send: Requester): FalconUsers {
  const change = userWrites(send, usersPath)

  async function users(operation: string, ids: readonly string[]) {
    const path = 'user-management/entities/users/GET/v1'
    const reply = await send(reads({ operation, method: 'POST', path, body: { ids } }), Users)
    return (reply.body.resources ?? []).map(toUser)
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
      const ids = await search(send, operation, cid && `cid:${quoted(cid)}`, 1)
      return ids.length > 0 ? (await users(operation, ids))[0] : undefined
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
      for await (const page of pages(send, first, GrantPage, byOffsetOf))
        grants.push(...(page.resources ?? []))
      return toHeld(grants, cid)
    },

    async roles(operation, cid) {
      const query = { cid }
      const idCall = reads({ operation, method: 'GET', path: 'user-management/queries/roles/v1', query })
      const ids = (await send(idCall, StringResources)).body.resources ?? []
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
