import type { FastifyInstance } from 'fastify'
import { envelope, page, Refusal } from './answers.ts'
import { compileFql } from './fql.ts'
import type { SimRole } from './roles.ts'
import { type CrowdstrikeState, grantsSeen, homeCid, type SimGrant, type SimUser } from './state.ts'
import { checkNewUser, createUser, grantRoles, removeUser, revokeRoles, userCalled } from './users.ts'

type Query = Readonly<Record<string, string>>
type Body = Readonly<Record<string, unknown>>

const userKeys = ['uid', 'uuid', 'cid', 'first_name', 'last_name', 'name', 'status']

function toWire({ id, email, firstName, lastName, cid, createdAt, updatedAt, lastLoginAt }: SimUser) {
  return {
    uuid: id,
    uid: email,
    cid,
    first_name: firstName,
    last_name: lastName,
    status: 'active',
    user_type: 'user',
    factors: [],
    created_at: createdAt,
    updated_at: updatedAt,
    last_login_at: lastLoginAt ?? '0001-01-01T00:00:00Z',
  }
}

/** `/user-management/…`, as CrowdStrike's clients of 2026 call it. */
export function currentRoutes(app: FastifyInstance, state: CrowdstrikeState): void {
  userRoutes(app, state)
  roleRoutes(app, state)
}

function userRoutes(app: FastifyInstance, state: CrowdstrikeState): void {
  app.get('/queries/users/v1', async ({ query }) => {
    const { filter, ...paging } = query as Query
    const matches = filter ? compileFql(filter, userKeys) : () => true
    const found = [...state.users.values()].filter((user) => {
      const wire = toWire(user)
      return matches({ ...wire, factors: '', name: `${wire.first_name} ${wire.last_name}` })
    })
    return page(
      state,
      found.sort(byEmail).map(({ id }) => id),
      paging,
    )
  })

  app.post('/entities/users/GET/v1', async ({ body }) => {
    const ids = (body as Body)['ids']
    if (!Array.isArray(ids) || ids.length === 0 || ids.length > 5_000)
      throw new Refusal(400, 'ids: 1 to 5000')
    return envelope(ids.flatMap((id) => state.users.get(id) ?? []).map(toWire))
  })

  app.post('/entities/users/v1', async ({ body, query }, reply) => {
    const { uid, first_name: firstName, last_name: lastName, cid, password } = body as Body
    const user = { email: uid, firstName, lastName, cid, password }
    if ((query as Query)['validate_only'] === 'true') {
      checkNewUser(state, user)
      return envelope([])
    }
    return reply.code(201).send(envelope([toWire(createUser(state, user))]))
  })

  app.patch('/entities/users/v1', async ({ body, query }) => {
    const user = userCalled(state, (query as Query)['user_uuid'])
    const { first_name: firstName, last_name: lastName } = body as Body
    if (!firstName || !lastName) throw new Refusal(400, 'first_name and last_name are required')
    const updatedAt = new Date(state.now()).toISOString()
    Object.assign(user, { firstName: String(firstName), lastName: String(lastName), updatedAt })
    return envelope([toWire(user)])
  })

  app.delete('/entities/users/v1', async ({ query }) => {
    removeUser(state, (query as Query)['user_uuid'])
    return envelope([])
  })
}

function roleRoutes(app: FastifyInstance, state: CrowdstrikeState): void {
  app.post('/entities/user-role-actions/v1', async ({ body }) => {
    const { action, uuid, cid, role_ids: roleIds, expires_at: expiresAt } = body as Body
    const user = userCalled(state, uuid)
    if (typeof cid !== 'string' || cid === '') throw new Refusal(400, 'cid is required')
    admitCid(state, cid)
    if (Array.isArray(roleIds) && roleIds.length > 100) throw new Refusal(400, 'at most 100 role ids')
    const until = typeof expiresAt === 'string' ? { expiresAt } : {}
    if (action === 'grant') grantRoles(state, user, roleIds, { cid, ...until })
    else if (action === 'revoke') revokeRoles(state, user, roleIds, cid, false)
    else throw new Refusal(400, 'invalid action')
    return envelope([])
  })

  app.get('/combined/user-roles/v2', async ({ query }) => {
    const { user_uuid: id, cid = homeCid, direct_only: directOnly, ...paging } = query as Query
    const user = userCalled(state, id)
    admitCid(state, cid)
    const inherited = ({ userGroup, cidGroup }: SimGrant) => userGroup !== undefined || cidGroup !== undefined
    const seen = grantsSeen(state, user.id)
      .filter((grant) => grant.cid === cid)
      .filter((grant) => directOnly !== 'true' || !inherited(grant))
    return page(
      state,
      seen.map((grant) => grantToWire(state, grant)),
      paging,
    )
  })

  app.get('/queries/roles/v1', async ({ query }) => {
    admitCid(state, (query as Query)['cid'] ?? homeCid)
    return envelope(state.roles.map(({ id }) => id))
  })

  app.post('/entities/roles/GET/v2', async ({ body }) => {
    const ids = (body as Body)['ids']
    if (!Array.isArray(ids) || ids.length > 5_000) throw new Refusal(400, 'ids: at most 5000')
    const asked = state.roles.filter(({ id }) => ids.includes(id))
    return envelope(asked.map(roleToWire))
  })
}

function roleToWire({ owner, ...role }: SimRole) {
  const kind = owner === undefined ? 'default' : 'custom'
  return { ...role, description: '', cid: owner ?? homeCid, is_global: owner === undefined, type: kind }
}

/** A client reaches its own CID and the children of it. */
function admitCid({ children }: CrowdstrikeState, cid: string): void {
  if (cid !== homeCid && !children.has(cid)) throw new Refusal(403, 'cid is not accessible to this client')
}

function grantToWire({ roles }: CrowdstrikeState, grant: SimGrant) {
  const { userId, roleId, cid, userGroup, cidGroup, expiresAt } = grant
  return {
    uuid: userId,
    cid,
    ...(cid === homeCid ? {} : { parent_cid: homeCid }),
    role_id: roleId,
    role_name: roles.find(({ id }) => id === roleId)?.display_name,
    grant_type: userGroup ? 'user_group' : cidGroup ? 'cid_group' : 'direct',
    user_type: 'user',
    ...(userGroup && { user_group_id: userGroup, user_group_name: userGroup }),
    ...(cidGroup && { cid_group_id: cidGroup, cid_group_name: cidGroup }),
    ...(expiresAt && { expires_at: expiresAt }),
  }
}

function byEmail(one: SimUser, other: SimUser): number {
  return one.email < other.email ? -1 : 1
}
