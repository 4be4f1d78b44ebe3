import type { FastifyInstance, FastifyRequest } from 'fastify'
import { type Actor, actorOf, invalid, missing, notPermitted, Refusal, userFor } from './access.ts'
import { listOf, matching, page, type Query } from './lists.ts'
import { present, roleNameOf } from './present.ts'
import type { SentineloneState } from './state.ts'
import type { SimRole } from './tenant.ts'
import { createUser, dataOf, removeUser, revokeToken, updateUser } from './writes.ts'

interface Params {
  readonly id: string
}

/** Users, in both profiles alike; the bodies differ. */
export function userRoutes(app: FastifyInstance, state: SentineloneState): void {
  const actor = (request: FastifyRequest): Actor => actorOf(state, request)

  app.get('/users', async (request) => {
    const query = request.query as Query
    const found = matching(state, actor(request), query)
    return page(
      state,
      found.map((user) => present(state, user)),
      query,
    )
  })

  app.post('/users', async (request) => {
    const user = createUser(state, actor(request), dataOf(request.body))
    return { data: present(state, user) }
  })

  app.get<{ Params: Params }>('/users/:id', async (request) => ({
    data: present(state, userFor(state, actor(request), request.params.id)),
  }))

  app.put<{ Params: Params }>('/users/:id', async (request) => {
    const by = actor(request)
    const user = userFor(state, by, request.params.id)
    return { data: present(state, updateUser(state, by, user, dataOf(request.body))) }
  })

  app.delete<{ Params: Params }>('/users/:id', async (request) => {
    const by = actor(request)
    removeUser(state, by, userFor(state, by, request.params.id))
    return { data: { success: true } }
  })
}

/** Paths of today’s API. */
export function currentRoutes(app: FastifyInstance, state: SentineloneState): void {
  app.get('/user', async (request) => ({ data: present(state, actorOf(state, request).user) }))

  app.get('/rbac/roles', async (request) => {
    const actor = actorOf(state, request)
    if (!state.toggles.rbac) throw missing()
    const query = request.query as Query
    return page(state, rolesSeen(state, actor, query).map(toRole(state)), query)
  })

  app.get('/accounts', async (request) => {
    const { level, ids } = actorOf(state, request)
    if (level === 'site') {
      throw new Refusal(403, 'Forbidden', 'Action is not allowed to site users')
    }
    const seen = state.accounts.filter(({ id }) => level === 'tenant' || ids.includes(id))
    return page(
      state,
      seen.map((account) => ({ ...account, state: 'active' })),
      request.query as Query,
    )
  })

  app.get('/sites', async (request) => {
    const { level, ids } = actorOf(state, request)
    const query = request.query as Query
    const [accountIds, siteIds] = [listOf(query['accountIds']), listOf(query['siteIds'])]
    const seen = state.sites
      .filter(({ id, accountId }) => level === 'tenant' || ids.includes(level === 'site' ? id : accountId))
      .filter(
        ({ id, accountId }) => (accountIds?.includes(accountId) ?? true) && (siteIds?.includes(id) ?? true),
      )
      .map((site) => ({
        ...site,
        accountName: state.accounts.find(({ id }) => id === site.accountId)?.name,
        state: 'active',
      }))
    const { data, pagination } = page(state, seen, query)
    return { data: { allSites: { totalLicenses: 0, activeLicenses: 0 }, sites: data }, pagination }
  })

  app.post('/users/revoke-api-token', async (request) => {
    const actor = actorOf(state, request)
    const { id } = dataOf(request.body)
    if (typeof id !== 'string') throw invalid('id: Missing data for required field')
    revokeToken(state, actor, userFor(state, actor, id))
    return { data: { success: true } }
  })
}

/** Paths of the API guide of 2026-03. */
export function guideRoutes(app: FastifyInstance, state: SentineloneState): void {
  app.get('/users/login/by-token', async (request) => {
    const { user } = actorOf(state, request)
    const { id, email, fullName, scopeRoles } = user
    const account = state.accounts.find((each) => each.id === scopeRoles[0]?.id)
    return {
      data: {
        id,
        email,
        fullName,
        role: roleNameOf(state, scopeRoles[0]?.roleId ?? ''),
        ...(state.toggles.whoamiTellsAccount && account
          ? { accountId: account.id, accountName: account.name }
          : {}),
      },
    }
  })

  app.get('/user-roles', async (request) => {
    const query = request.query as Query
    const roles = rolesSeen(state, actorOf(state, request), query)
    const shown =
      state.toggles.profile === 'guide'
        ? roles.map(({ id, name, description }) => ({ id, name, description }))
        : roles.map(toRole(state))
    return page(state, shown, query)
  })

  app.post<{ Params: Params }>('/users/:id/revoke-api-token', async (request) => {
    const actor = actorOf(state, request)
    revokeToken(state, actor, userFor(state, actor, request.params.id))
    return { data: { success: true } }
  })
}

function rolesSeen({ roles, sites }: SentineloneState, actor: Actor, query: Query): readonly SimRole[] {
  const accountIds = listOf(query['accountIds']) ?? listOf(query['siteIds'])
  if (actor.level === 'account' && accountIds?.some((id) => !actor.ids.includes(id))) throw notPermitted()
  const below = sites.filter(({ id, accountId }) =>
    accountIds?.some((each) => each === id || each === accountId),
  )
  const inside = new Set([...(accountIds ?? []), ...below.flatMap(({ id, accountId }) => [id, accountId])])
  return roles.filter(({ scopeId }) => scopeId === null || !accountIds || inside.has(scopeId))
}

function toRole({ users }: SentineloneState) {
  return (role: SimRole) => ({
    ...role,
    usersInRoles: [...users.values()].filter(({ scopeRoles }) =>
      scopeRoles.some(({ roleId }) => roleId === role.id),
    ).length,
  })
}
