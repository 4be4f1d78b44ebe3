import Fastify, { type FastifyInstance } from 'fastify'
import {
  type SimulatedPerson,
  type SimulatorOptions,
  startSimulator,
  type VendorSimulator,
} from '../simulator.ts'
import { missing, refuse, Refusal } from './access.ts'
import { currentRoutes, guideRoutes, userRoutes } from './routes.ts'
import { createState, ownerToken, type SentineloneState, type SimUser, type Toggles } from './state.ts'
import { type ApiProfile, entitlementKey } from '../../model/account.ts'

export interface SentineloneSimulatorOptions extends SimulatorOptions {
  /** Only this profile's paths and fields; both when absent. */
  readonly profile?: 'current' | 'guide'
  /** Toggles to start with, and to go back to at `reset`. */
  readonly toggles?: Partial<Toggles>
  /** Milliseconds since the epoch. */
  readonly now?: () => number
  /** First of all ids, so that two simulators have different ones. */
  readonly firstId?: bigint
}

/** SentinelOne's user management in profiles `current` and `guide`, quirks included. */
export async function startSentinelone(
  options: SentineloneSimulatorOptions = {},
): Promise<VendorSimulator<SentineloneState>> {
  const state = createState({
    now: options.now ?? Date.now,
    toggles: { ...(options.profile && { profile: options.profile }), ...options.toggles },
    ...(options.firstId === undefined ? {} : { firstId: options.firstId }),
  })
  const simulator = await startSimulator(createApp(state), {
    ...(options.port === undefined ? {} : { port: options.port }),
    reset: state.reset,
    state: () => ({ users: [...state.users.values()], mails: state.mails, toggles: state.toggles }),
  })
  return {
    ...simulator,
    vendor: 'sentinelone',
    state,
    people: () => [...state.users.values()].map((user) => toPerson(state, user)),
    connection: (profile: ApiProfile) => ({
      settings: {
        baseUrl: simulator.origin,
        account: profile === 'guide' ? state.accountId('Acme') : 'Acme',
        quarantineRole: 'No Access',
      },
      credentials: { apiToken: ownerToken },
    }),
  }
}

function toPerson({ toggles }: SentineloneState, user: SimUser): SimulatedPerson {
  const { email, scope, scopeRoles, isActive, emailVerified } = user
  const held = scopeRoles.map(({ id, roleId }) =>
    entitlementKey({ kind: 'role', id: roleId, scope: { level: scope, id: id || 'global' } }),
  )
  const isSwitchedOff = toggles.profile !== 'current' && !isActive
  return {
    login: email,
    state: isSwitchedOff ? 'disabled' : emailVerified ? 'active' : 'invited',
    entitlements: held.sort(),
  }
}

function createApp(state: SentineloneState): FastifyInstance {
  const app = Fastify({ routerOptions: { maxParamLength: 500 } })
  app.removeAllContentTypeParsers()
  app.addContentTypeParser('*', { parseAs: 'string' }, (_, text, done) => {
    try {
      done(null, JSON.parse(String(text) || '{}'))
    } catch {
      done(new Refusal(400, 'Validation Error', 'Invalid JSON'))
    }
  })
  app.addHook('onSend', async (request, reply, payload) => {
    const { toggles } = state
    if (toggles.commitThen504 === 0 || request.method !== 'POST' || reply.statusCode >= 300) return payload
    toggles.commitThen504 -= 1
    reply.code(504).type('text/html')
    return '<html><body>504 Gateway Time-out</body></html>'
  })
  app.register(
    async (scope) => {
      userRoutes(scope, state)
      scope.register(async (part) => currentRoutes(existing(part, state, 'current'), state))
      scope.register(async (part) => guideRoutes(existing(part, state, 'guide'), state))
    },
    { prefix: '/web/api/v2.1' },
  )
  app.setNotFoundHandler((_, reply) => refuse(reply, missing()))
  app.setErrorHandler((error, _, reply) => {
    if (error instanceof Refusal) return refuse(reply, error)
    return refuse(reply, new Refusal(500, 'Internal Server Error', 'internal error'))
  })
  return app
}

/** Routes of the other profile are not there. */
function existing(
  scope: FastifyInstance,
  { toggles }: SentineloneState,
  profile: 'current' | 'guide',
): FastifyInstance {
  scope.addHook('preHandler', async (request) => {
    const isOlder = !toggles.rbac && request.url.includes('/user-roles')
    if (toggles.profile !== 'both' && toggles.profile !== profile && !isOlder) throw missing()
  })
  return scope
}
