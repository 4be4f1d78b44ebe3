import type { FastifyInstance } from 'fastify'
import { envelope, page, Refusal } from './answers.ts'
import { type CrowdstrikeState, grantsSeen, type SimUser } from './state.ts'
import { createUser, grantRoles, removeUser, revokeRoles, userCalled } from './users.ts'

type Query = Readonly<Record<string, string | string[] | undefined>>
type Body = Readonly<Record<string, unknown>>

function toWire({ id, email, firstName, lastName, cid, createdAt, updatedAt }: SimUser) {
  return {
    uid: id,
    username: email,
    first_name: firstName,
    last_name: lastName,
    customer_id: cid,
    created_at: createdAt,
    updated_at: updatedAt,
  }
}

/** `/users/…` and `/user-roles/…`, as the API guide of 2026-03 describes them. */
export function guideRoutes(app: FastifyInstance, state: CrowdstrikeState): void {
  userRoutes(app, state)
  roleRoutes(app, state)
}

function userRoutes(app: FastifyInstance, state: CrowdstrikeState): void {
  app.get('/users/queries/user-uids/v1', async ({ query }) =>
    page(state, [...state.users.keys()], query as { offset?: string; limit?: string }),
  )

  app.get('/users/entities/users/v1', async ({ query }) => {
    const ids = [(query as Query)['ids'] ?? []].flat()
    if (ids.length === 0 || ids.length > 100) throw new Refusal(400, 'ids: 1 to 100')
    return envelope(ids.flatMap((id) => state.users.get(id) ?? []).map(toWire))
  })

  app.post('/users/entities/users/v1', async ({ body }, reply) => {
    const { username, first_name: firstName, last_name: lastName, password } = body as Body
    const user = createUser(state, { email: username, firstName, lastName, password })
    return reply.code(201).send(envelope([toWire(user)]))
  })

  app.patch('/users/entities/users/v1', async ({ body, query }) => {
    const user = userCalled(state, (query as Query)['user_uuid'])
    const {
      username = user.email,
      first_name: firstName = user.firstName,
      last_name: lastName = user.lastName,
    } = body as Body
    const email = String(username).toLowerCase()
    const isTaken = [...state.users.values()].some((each) => each.id !== user.id && each.email === email)
    if (isTaken || state.foreign.has(email))
      throw new Refusal(400, 'a user with this username already exists')
    const updatedAt = new Date(state.now()).toISOString()
    Object.assign(user, { email, firstName: String(firstName), lastName: String(lastName), updatedAt })
    const { username: _, ...shown } = toWire(user)
    return envelope([shown])
  })

  app.delete('/users/entities/users/v1', async ({ query }) =>
    envelope([removeUser(state, (query as Query)['user_uuid']).id]),
  )
}

function roleRoutes(app: FastifyInstance, state: CrowdstrikeState): void {
  const path = '/user-roles/entities/user-roles/v1'

  app.get('/user-roles/queries/user-role-ids-by-user-uuid/v1', async ({ query }) => {
    const user = userCalled(state, (query as Query)['user_uuid'])
    return envelope([...new Set(grantsSeen(state, user.id).map(({ roleId }) => roleId))])
  })

  app.get('/user-roles/queries/roles/v1', async () => envelope(state.roles.map(({ id }) => id)))

  app.get(path, async ({ query }) => {
    const ids = [(query as Query)['ids'] ?? []].flat()
    if (ids.length > 100) throw new Refusal(400, 'ids: at most 100')
    return envelope(state.roles.filter(({ id }) => ids.includes(id)))
  })

  app.post(path, async ({ body }) => {
    const { roleIds, user_uuid: id } = body as Body
    const user = userCalled(state, id)
    const granted = grantRoles(state, user, roleIds, {})
    return envelope(granted.map((role) => ({ cid: user.cid, role_id: role, user_uuid: user.id })))
  })

  app.delete(path, async ({ query }) => {
    const { user_uuid: id, roleId } = query as Query
    if (typeof roleId !== 'string') throw new Refusal(400, 'roleId is required')
    const user = userCalled(state, id)
    return envelope(revokeRoles(state, user, [roleId], user.cid, true))
  })
}
