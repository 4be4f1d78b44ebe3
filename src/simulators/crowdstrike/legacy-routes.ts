import type { FastifyInstance } from 'fastify'
import { envelope, Refusal } from './answers.ts'
import { type CrowdstrikeState, grantsSeen, type SimUser } from './state.ts'
import { createUser, grantRoles, removeUser, revokeRoles, userCalled } from './users.ts'

type Query = Readonly<Record<string, string | string[] | undefined>>
type Body = Readonly<Record<string, unknown>>

function toWire({ id, email, firstName, lastName, cid }: SimUser) {
  return { uuid: id, uid: email, firstName, lastName, customer: cid }
}

/** `/users/…` and `/user-roles/…`, as CrowdStrike's clients still name them, marked as deprecated. */
export function legacyRoutes(app: FastifyInstance, state: CrowdstrikeState): void {
  userRoutes(app, state)
  roleRoutes(app, state)
}

function userRoutes(app: FastifyInstance, state: CrowdstrikeState): void {
  const path = '/users/entities/users/v1'

  app.get('/users/queries/user-uuids-by-cid/v1', async () => envelope([...state.users.keys()]))

  app.get('/users/queries/user-uuids-by-email/v1', async ({ query }) => {
    const { uid } = query as Query
    const found = [...state.users.values()].filter(({ email }) => email === uid)
    if (found.length === 0) throw new Refusal(404, 'no user with this uid')
    return envelope(found.map(({ id }) => id))
  })

  app.get(path, async ({ query }) => {
    const ids = [(query as Query)['ids'] ?? []].flat()
    if (ids.length === 0) throw new Refusal(400, 'ids is required')
    const found = ids.flatMap((id) => state.users.get(id) ?? [])
    if (found.length === 0) throw new Refusal(404, 'no such user')
    return envelope(found.map(toWire))
  })

  app.post(path, async ({ body }, reply) => {
    const { uid: email, firstName, lastName, password } = body as Body
    return reply
      .code(201)
      .send(envelope([toWire(createUser(state, { email, firstName, lastName, password }))]))
  })

  app.patch(path, async ({ body, query }) => {
    const user = userCalled(state, (query as Query)['user_uuid'])
    const { firstName = user.firstName, lastName = user.lastName } = body as Body
    const updatedAt = new Date(state.now()).toISOString()
    Object.assign(user, { firstName: String(firstName), lastName: String(lastName), updatedAt })
    return envelope([toWire(user)])
  })

  app.delete(path, async ({ query }) => {
    removeUser(state, (query as Query)['user_uuid'])
    return envelope([])
  })
}

function roleRoutes(app: FastifyInstance, state: CrowdstrikeState): void {
  const path = '/user-roles/entities/user-roles/v1'

  app.get('/user-roles/queries/user-role-ids-by-cid/v1', async () =>
    envelope(state.roles.map(({ id }) => id)),
  )

  app.get('/user-roles/queries/user-role-ids-by-user-uuid/v1', async ({ query }) => {
    const user = userCalled(state, (query as Query)['user_uuid'])
    return envelope([...new Set(grantsSeen(state, user.id).map(({ roleId }) => roleId))])
  })

  app.get(path, async ({ query }) => {
    const ids = [(query as Query)['ids'] ?? []].flat()
    return envelope(state.roles.filter(({ id }) => ids.includes(id)))
  })

  // The user stands in the query; the body names roles only.
  app.post(path, async ({ body, query }) => {
    const user = userCalled(state, (query as Query)['user_uuid'])
    grantRoles(state, user, (body as Body)['roleIds'], {})
    return envelope([])
  })

  app.delete(path, async ({ query }) => {
    const { user_uuid: id, ids } = query as Query
    const user = userCalled(state, id)
    return envelope(revokeRoles(state, user, [ids ?? []].flat(), user.cid, true))
  })
}
