import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify'
import { startSimulator, type SimulatedPerson, type VendorSimulator } from '../simulator.ts'
import { actorOf, demand, notFound, Refusal } from './access.ts'
import { limitMembersIndex } from './limits.ts'
import { memberRoutes } from './members.ts'
import { current, guide } from './present.ts'
import {
  createState,
  isPending,
  organization,
  ownerToken,
  type SentryOptions,
  type SimMember,
  type SentryState,
} from './state.ts'
import { teamKeepingRoutes, teamMemberRoutes, teamRoutes } from './teams.ts'
import { entitlementKey } from '../../model/account.ts'

/** Sentry's member and team endpoints on a loopback socket, with the quirks of sentry.md that they touch. */
export async function startSentry(options: SentryOptions = {}): Promise<VendorSimulator<SentryState>> {
  const state = createState(options)
  const simulator = await startSimulator(routesOf(state, options), {
    ...(options.port === undefined ? {} : { port: options.port }),
    reset: state.reset,
    state: () => ({ people: people(state), mails: state.mails, teams: [...state.teams.keys()] }),
  })
  return {
    ...simulator,
    vendor: 'sentry',
    state,
    connection: () => ({
      settings: { organization: organization.slug, baseUrl: simulator.origin },
      credentials: { token: ownerToken },
    }),
    people: () => people(state),
  }
}

function routesOf(state: SentryState, options: SentryOptions): FastifyInstance {
  const app = Fastify()
  const present = options.profile === 'guide' ? guide : current(state)

  app.setErrorHandler(async (error, _request, reply) => {
    if (!(error instanceof Refusal)) throw error
    // Fastify would send a string as plain text.
    return reply.code(error.status).type('application/json').serializer(JSON.stringify).send(error.body)
  })
  app.setNotFoundHandler(async (request, reply) => {
    const path = request.url.split('?')[0] ?? ''
    if (options.slash === 301 && !path.endsWith('/')) return reply.redirect(`${path}/`, 301)
    throw notFound()
  })
  limitMembersIndex(app, Number(options.limits ?? false))

  if (options.profile !== 'guide') {
    app.get('/api/0/', async (request) => {
      const { token } = actorOf(request, state)
      return { version: '0', auth: { scopes: token.scopes }, user: null }
    })
  }
  const register = (prefix: string, routes: (scoped: FastifyInstance) => void) =>
    app.register(
      async (scoped) => {
        scoped.addHook('preHandler', async (request) => demandOrganization(request, state))
        routes(scoped)
      },
      { prefix },
    )
  register('/api/0/organizations/:org', (scoped) => {
    scoped.get('/', async (request) => {
      demand(actorOf(request, state), 'org:read', 'org:write', 'org:admin')
      return { ...organization, features: [] }
    })
    memberRoutes(scoped, state, present, options)
    teamRoutes(scoped, state, options)
  })
  if (options.profile !== 'guide') {
    register('/api/0/teams/:org', (scoped) => {
      teamMemberRoutes(scoped, state, present, options)
      teamKeepingRoutes(scoped, state)
    })
  }
  return app
}

/** An organization is only known where it lives. */
function demandOrganization(request: FastifyRequest, state: SentryState): void {
  const { org } = request.params as { readonly org: string }
  actorOf(request, state)
  if (org !== organization.slug || state.toggles.region !== 'us') throw notFound()
}

function people({ members }: SentryState): readonly SimulatedPerson[] {
  return [...members.values()].map((member) => ({
    login: member.email,
    state: isPending(member) ? 'invited' : 'active',
    entitlements: heldBy(member),
  }))
}

function heldBy({ orgRole, teams }: SimMember): readonly string[] {
  const slugs = [...teams.keys()]
  const admins = slugs.filter((slug) => teams.get(slug) === 'admin')
  return [
    entitlementKey({ kind: 'role', id: orgRole }),
    ...slugs.map((id) => entitlementKey({ kind: 'group', id })),
    ...admins.map((id) => entitlementKey({ kind: 'role', id: 'admin', scope: { level: 'team', id } })),
  ].sort()
}
