import type { FastifyInstance, FastifyRequest } from 'fastify'
import { actorOf, demandAdmin, isAdmin } from './access.ts'
import { demandId, noSuchUser, page, type Paging, Refusal } from './answers.ts'
import { asGuide, asV1, groupsShown } from './present.ts'
import type { SimUser } from './model.ts'
import type { SisenseState } from './state/state.ts'
import { checked, type UserBody } from './validate.ts'

interface Filters extends Paging {
  readonly userName?: string
  readonly email?: string
  readonly roleId?: string
  readonly groupId?: string
  readonly active?: string
  readonly ids?: string
  readonly sort?: string
}

/** Users below the base of v1, in either profile. */
export function userRoutes(app: FastifyInstance, state: SisenseState): void {
  const isGuide = state.profile === 'guide'
  const show = (user: SimUser) => (isGuide ? asGuide(user) : asV1(state, user))
  const userOf = (request: FastifyRequest): SimUser => {
    const user = state.users.get(demandId((request.params as { readonly id: string }).id))
    if (!user) throw noSuchUser()
    return user
  }

  app.get('/users', async (request) => {
    const actor = actorOf(request, state)
    const query = request.query as Filters
    const visible = [...state.users.values()].filter((user) => isAdmin(actor, state) || user === actor)
    const found = isGuide ? visible : visible.filter((user) => matches(state, user, query))
    if (query.sort === '_id') found.sort((one, other) => (one._id < other._id ? -1 : 1))
    return page(state, found, query).map(show)
  })

  app.get('/users/:id', async (request) => {
    const actor = actorOf(request, state)
    const user = userOf(request)
    if (!isAdmin(actor, state) && user !== actor) throw noSuchUser()
    return show(user)
  })

  app.post('/users', async (request, reply) => {
    demandAdmin(request, state)
    const body = (request.body ?? {}) as UserBody
    const fields = checked(state, body)
    if (!isGuide) return reply.code(201).send(asV1(state, state.register(fields, true)))
    if (!state.toggles.sso && !body.password) throw new Refusal(422, 2003, 'password is required')
    const { _id, userName, email, roleId } = state.register({ ...fields, ...passwordOf(body) }, true)
    return reply.code(200).send({ _id, userName, email, roleId })
  })

  app.patch('/users/:id', async (request) => {
    demandAdmin(request, state)
    const user = userOf(request)
    const { active, password: _, ...body } = (request.body ?? {}) as UserBody
    if (active !== undefined && state.toggles.active === 'rejected') {
      throw new Refusal(422, 601, 'active is not a field of a user')
    }
    // The user name stays as it is when the address changes.
    Object.assign(user, checked(state, body, user), { lastUpdated: new Date(state.now()).toISOString() })
    state.names.keep(user)
    if (active !== undefined && state.toggles.active === 'switch') turn(user, active)
    if (isGuide) return { _id: user._id, ...body, ...(active === undefined ? {} : { active: user.active }) }
    return { ...asV1(state, user), activationToken: user.activationToken ?? `act1vate${user._id}` }
  })

  app.delete('/users/:id', async (request, reply) => {
    demandAdmin(request, state)
    const user = userOf(request)
    if (roleName(state, user) === 'super') throw new Refusal(400, 2011, 'Super user cannot be deleted')
    state.users.delete(user._id)
    return isGuide ? {} : reply.code(204).send()
  })
}

/** Where the switch works, it also ends the wait for an activation. */
function turn(user: SimUser, active: boolean): void {
  user.active = active
  delete user.activationExpires
  delete user.activationToken
}

export function passwordOf({ password }: UserBody): { readonly password?: string } {
  return password === undefined ? {} : { password }
}

function roleName({ roles }: SisenseState, { roleId }: SimUser): string | undefined {
  return roles.find(({ _id }) => _id === roleId)?.name
}

function matches(state: SisenseState, user: SimUser, filters: Filters): boolean {
  const fold = (text: string) => (state.toggles.filterCase === 'sensitive' ? text : text.toLowerCase())
  const { userName, email, roleId, groupId, active, ids } = filters
  return (
    (userName === undefined || fold(user.userName) === fold(userName)) &&
    (email === undefined || fold(user.email) === fold(email)) &&
    (roleId === undefined || user.roleId === roleId) &&
    (groupId === undefined || groupsShown(state, user).includes(groupId)) &&
    (active === undefined || String(user.active) === active) &&
    (ids === undefined || ids.split(',').includes(user._id))
  )
}
