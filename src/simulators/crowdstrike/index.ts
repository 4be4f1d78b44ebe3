import Fastify, { type FastifyInstance } from 'fastify'
import {
  type SimulatedPerson,
  type SimulatorOptions,
  startSimulator,
  type VendorSimulator,
} from '../simulator.ts'
import { access, isReading, simulatedCredentials } from './access.ts'
import { Refusal, refuse } from './answers.ts'
import { currentRoutes } from './current-routes.ts'
import { guideRoutes } from './guide-routes.ts'
import { legacyRoutes } from './legacy-routes.ts'
import { createState, type CrowdstrikeState, homeCid, type Toggles } from './state.ts'
import { type ApiProfile, entitlementKey } from '../../model/account.ts'

export interface CrowdstrikeSimulatorOptions extends SimulatorOptions {
  /** Only this profile's paths; `current` and `guide` when absent. */
  readonly profile?: ApiProfile
  /** Toggles to start with, and to go back to at `reset`. */
  readonly toggles?: Partial<Toggles>
  /** Milliseconds since the epoch. */
  readonly now?: () => number
}

/** Falcon's user management in each profile, quirks included. */
export async function startCrowdstrike(
  options: CrowdstrikeSimulatorOptions = {},
): Promise<VendorSimulator<CrowdstrikeState>> {
  const state = createState(options.now ?? Date.now, {
    ...(options.profile && { routes: options.profile }),
    ...options.toggles,
  })
  const simulator = await startSimulator(createApp(state), {
    ...(options.port !== undefined && { port: options.port }),
    reset: state.reset,
    state: () => ({
      users: [...state.users.values()],
      grants: state.grants,
      mails: state.mails,
      toggles: state.toggles,
    }),
    isMutating: (request) => !isReading(request) && request.query['validate_only'] !== 'true',
  })
  return {
    ...simulator,
    vendor: 'crowdstrike',
    state,
    people: () => people(state),
    connection: (_profile: ApiProfile) => ({
      settings: { baseUrl: simulator.origin, cid: homeCid, readLagMs: state.toggles.roleLagMs },
      credentials: simulatedCredentials,
    }),
  }
}

function people(state: CrowdstrikeState): readonly SimulatedPerson[] {
  return [...state.users.values()].map(({ id, email }) => {
    const held = state
      .held(id)
      .map(({ roleId, cid }) => ({ kind: 'role', id: roleId, scope: { level: 'cid', id: cid } }) as const)
    return { login: email, state: 'active', entitlements: [...new Set(held.map(entitlementKey))].sort() }
  })
}

function createApp(state: CrowdstrikeState): FastifyInstance {
  const app = Fastify({
    routerOptions: { maxParamLength: 500 },
    rewriteUrl: ({ url = '/' }) => placed(url, state),
  })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (request, text, done) => {
    const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded')
    try {
      done(
        null,
        isForm ? Object.fromEntries(new URLSearchParams(String(text))) : JSON.parse(String(text) || '{}'),
      )
    } catch {
      done(new Refusal(400, 'invalid body'))
    }
  })
  access(app, state)
  commitThen504(app, state)
  app.register(async (scope) => currentRoutes(existing(scope, state, 'current'), state), {
    prefix: '/user-management',
  })
  app.register(async (scope) => guideRoutes(existing(scope, state, 'guide'), state))
  app.register(async (scope) => legacyRoutes(scope, state), { prefix: legacyPrefix })
  app.setNotFoundHandler((_, reply) => refuse(reply, state, 404, '404: Page Not Found'))
  app.setErrorHandler((error, _, reply) => {
    if (error instanceof Refusal) return refuse(reply, state, error.status, error.message)
    return refuse(reply, state, 500, 'internal error')
  })
  return app
}

const legacyPrefix = '/legacy'

/** The guide and the deprecated routes share addresses: one or the other answers there. */
function placed(url: string, { toggles }: CrowdstrikeState): string {
  if (url.startsWith(legacyPrefix)) return '/none'
  return toggles.routes === 'legacy' && /^\/user(s|-roles)\//.test(url) ? `${legacyPrefix}${url}` : url
}

/** Routes that are toggled off are not there. */
function existing(
  scope: FastifyInstance,
  { toggles }: CrowdstrikeState,
  routes: 'current' | 'guide',
): FastifyInstance {
  scope.addHook('preHandler', async () => {
    if (toggles.routes !== 'both' && toggles.routes !== routes) throw new Refusal(404, '404: Page Not Found')
  })
  return scope
}

/** The write is done; a proxy in front of it has given up. */
function commitThen504(app: FastifyInstance, { toggles }: CrowdstrikeState): void {
  app.addHook('onSend', async (request, reply, payload) => {
    const path = request.url.split('?')[0] ?? ''
    if (toggles.commitThen504 === 0 || reply.statusCode >= 300 || isReading({ method: request.method, path }))
      return payload
    toggles.commitThen504 -= 1
    reply.code(504).type('text/html')
    return '<html><body>504 Gateway Time-out</body></html>'
  })
}
