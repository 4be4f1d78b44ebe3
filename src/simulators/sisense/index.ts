import Fastify, { type FastifyInstance } from 'fastify'
import { type SimulatedPerson, startSimulator, type VendorSimulator } from '../simulator.ts'
import { roleNames } from '../../vendors/sisense/names.ts'
import { actorOf, authentication, demandAdmin, isReading, simulatedLogin } from './access.ts'
import { bodyOf, demandId, page, type Paging, Refusal } from './answers.ts'
import { demandGroupName, removeGroup } from './group-changes.ts'
import { asGroup } from './present.ts'
import { simulatedToken } from './state/seed.ts'
import type { SimGroup, SimUser, SisenseSimulatorOptions } from './model.ts'
import { createState, type SisenseState } from './state/state.ts'
import { userRoutes } from './users.ts'
import { v09Routes } from './v09.ts'
import { entitlementKey } from '../../model/account.ts'

/** Sisense's users, groups and roles: v1 with v0.9 beside it, or the routes of the API guide; quirks included. */
export async function startSisense(
  options: SisenseSimulatorOptions = {},
): Promise<VendorSimulator<SisenseState>> {
  const state = createState(options)
  const simulator = await startSimulator(createApp(state), {
    ...(options.port === undefined ? {} : { port: options.port }),
    reset: state.reset,
    state: () => ({ people: people(state), mails: state.mails, groups: [...state.groups.values()] }),
    isMutating: (request) => !isReading(request),
  })
  return {
    ...simulator,
    vendor: 'sisense',
    state,
    connection: (profile) => ({
      settings: { baseUrl: simulator.origin },
      // One profile each, so that both ways are walked.
      credentials: profile === 'guide' ? simulatedLogin : { apiToken: simulatedToken },
    }),
    people: () => people(state),
  }
}

function people(state: SisenseState): readonly SimulatedPerson[] {
  const names = roleNames(state.roles)
  return [...state.users.values()].map((user) => ({
    login: user.userName,
    state: isOff(user) ? 'disabled' : 'active',
    entitlements: [
      entitlementKey({ kind: 'role', id: names.nameOf(user.roleId) ?? user.roleId }),
      ...[...new Set([...user.groups, ...user.adgroups])].map((id) => entitlementKey({ kind: 'group', id })),
    ].sort(),
  }))
}

function isOff({ active, activationExpires }: SimUser): boolean {
  return !active && activationExpires === undefined
}

function createApp(state: SisenseState): FastifyInstance {
  const { toggles } = state
  const app = Fastify({ routerOptions: { maxParamLength: 500 } })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (request, text, done) => {
    const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
    try {
      done(
        null,
        isForm ? Object.fromEntries(new URLSearchParams(String(text))) : JSON.parse(String(text) || '{}'),
      )
    } catch {
      done(new Refusal(400, 0, 'Invalid JSON'))
    }
  })
  app.setErrorHandler((error, _, reply) => {
    if (error instanceof Refusal) return reply.code(error.status).send(bodyOf(error))
    // Some 5xx are flat.
    return reply.code(500).send({ code: 500, status: 500, message: 'internal error' })
  })
  app.setNotFoundHandler((_, reply) =>
    reply.code(404).type('text/html').send('<!doctype html><title>Sisense</title>'),
  )

  countRequests(app, state)

  const isGuide = state.profile === 'guide'
  for (const base of isGuide ? (['api/v1', 'api/v0.9'] as const) : (['api/v1'] as const)) {
    register(
      app,
      `/${base}`,
      () => base === toggles.base,
      (scope) => {
        authentication(scope, state)
        userRoutes(scope, state)
        groupRoutes(scope, state)
      },
    )
  }
  for (const path of ['api', 'api/v1', ...(isGuide ? ['api/v0.9'] : [])]) {
    const isServed = () => [path, 'both'].includes(toggles.rolesAt) || path === 'api/v0.9'
    register(app, `/${path}`, isServed, (scope) => roleRoute(scope, state))
  }
  if (!isGuide) app.register(async (scope) => v09Routes(scope, state), { prefix: '/api' })
  return app
}

/** By the clock's second, as a proxy in front of an instance may do. */
function countRequests(app: FastifyInstance, { toggles }: SisenseState): void {
  let second = 0
  let used = 0
  app.addHook('onRequest', async () => {
    const now = Math.floor(Date.now() / 1000)
    used = now === second ? used + 1 : 1
    second = now
    if (used > toggles.perSecond) throw new Refusal(429, 0, 'Too many requests')
  })
}

/** Routes below a path that may be toggled off; then the path shows the page of the application, as unknown ones do. */
function register(
  app: FastifyInstance,
  prefix: string,
  isServed: () => boolean,
  routes: (scope: FastifyInstance) => void,
): void {
  app.register(
    async (scope) => {
      scope.addHook('preHandler', async (_, reply) => {
        if (!isServed()) return reply.callNotFound()
      })
      routes(scope)
    },
    { prefix },
  )
}

function groupRoutes(app: FastifyInstance, state: SisenseState): void {
  app.get('/groups', async (request) => {
    actorOf(request, state)
    const { name, ...paging } = request.query as Paging & { readonly name?: string }
    const isMeant = (group: SimGroup) => name === undefined || group.name === name
    return page(state, [...state.groups.values()].filter(isMeant), paging).map((group) =>
      asGroup(state, group),
    )
  })
  if (state.profile === 'guide') return

  app.post('/groups', async (request, reply) => {
    demandAdmin(request, state)
    const { name } = (request.body ?? {}) as { readonly name?: unknown }
    const group = state.addGroup(demandGroupName(state, name))
    return reply.code(201).send(asGroup(state, group))
  })

  app.delete('/groups/:id', async (request, reply) => {
    demandAdmin(request, state)
    const group = state.groups.get(demandId((request.params as { readonly id: string }).id))
    if (!group) throw new Refusal(404, 0, 'Group not found')
    if (group.everyone || group.admins) throw new Refusal(403, 0, 'System groups cannot be deleted')
    removeGroup(state, group)
    return reply.code(204).send()
  })
}

function roleRoute(app: FastifyInstance, state: SisenseState): void {
  app.get('/roles', async (request) => {
    actorOf(request, state)
    return state.roles.map(({ _id, name, displayName }) =>
      state.profile === 'guide' ? { _id, name } : { _id, name, displayName, desc: displayName },
    )
  })
}
