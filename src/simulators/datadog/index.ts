import { randomUUID } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { entitlementKey } from '../../model/account.ts'
import {
  type SimulatedPerson,
  startSimulator,
  type SimulatorOptions,
  type VendorSimulator,
} from '../simulator.ts'

interface SimUser {
  readonly id: string
  email: string
  name: string | null
  disabled: boolean
  verified: boolean
  readonly service: boolean
  readonly createdAt: string
  readonly roles: Set<string>
}

export interface DatadogState {
  readonly users: Map<string, SimUser>
  /** Names of roles by their ids. */
  readonly roles: Map<string, string>
  /** API keys; each goes with the one application key. */
  readonly tokens: Map<string, unknown>
  seedUsers(count: number): void
  /** The person signs in. */
  signIn(email: string): void
  reset(): void
}

const apiKey = 'simulated_datadog_api_key'
const applicationKey = 'simulated_datadog_application_key'
const organization = '4dee724d-00cc-11ea-a77b-000000000001'
const ownId = 'd3edd11c-6c32-11ee-9c79-000000000001'
const roleIds = [1, 2, 3, 4].map((number) => `4cd4ef1e-d1d9-11ec-ad3d-00000000000${number}`)
const [admin = '', standard = '', readOnly = '', auditors = ''] = roleIds

function createState(): DatadogState {
  const add = (given: Partial<SimUser> & Pick<SimUser, 'email'>): SimUser => {
    const user: SimUser = {
      id: randomUUID(),
      name: null,
      disabled: false,
      verified: false,
      service: false,
      createdAt: new Date().toISOString(),
      roles: new Set(),
      ...given,
    }
    state.users.set(user.id, user)
    return user
  }
  const state: DatadogState = {
    users: new Map(),
    roles: new Map(),
    tokens: new Map(),
    seedUsers(count) {
      for (let left = count; left > 0; left -= 1) add({ email: `seeded${left}@corp.example`, verified: true })
    },
    signIn(email) {
      for (const user of state.users.values()) if (user.email === email) user.verified = true
    },
    reset() {
      state.users.clear()
      state.roles.clear()
      state.tokens.clear()
      state.tokens.set(apiKey, {})
      state.roles.set(admin, 'Datadog Admin Role')
      state.roles.set(standard, 'Datadog Standard Role')
      state.roles.set(readOnly, 'Datadog Read Only Role')
      state.roles.set(auditors, 'Auditors')
      add({
        id: ownId,
        email: 'drawbridge@service.example',
        service: true,
        verified: true,
        roles: new Set([admin]),
      })
      add({ email: 'boss@corp.example', name: 'Boss', verified: true, roles: new Set([admin]) })
    },
  }
  state.reset()
  return state
}

/** Users and roles of Datadog on a loopback socket, as its client's recordings show them. */
export async function startDatadog(options: SimulatorOptions = {}): Promise<VendorSimulator<DatadogState>> {
  const state = createState()
  const simulator = await startSimulator(routesOf(state), {
    ...(options.port === undefined ? {} : { port: options.port }),
    reset: state.reset,
    state: () => ({ people: people(state) }),
  })
  return {
    ...simulator,
    vendor: 'datadog',
    state,
    connection: () => ({
      settings: { baseUrl: simulator.origin },
      credentials: { apiKey, applicationKey },
    }),
    people: () => people(state),
    grants: [{ role: 'Datadog Read Only Role' }, { role: 'Datadog Standard Role' }],
  }
}

function people({ users }: DatadogState): readonly SimulatedPerson[] {
  return [...users.values()].map(({ email, disabled, verified, roles }) => ({
    login: email,
    state: disabled ? 'disabled' : verified ? 'active' : 'invited',
    entitlements: [...roles].map((id) => entitlementKey({ kind: 'role', id })).sort(),
  }))
}

const fails = (reply: FastifyReply, status: number, words: string): FastifyReply =>
  reply.code(status).send({ errors: [words] })

function shown({ id, email, name, disabled, verified, service, createdAt, roles }: SimUser) {
  return {
    type: 'users',
    id,
    attributes: {
      name,
      handle: email,
      created_at: createdAt,
      modified_at: createdAt,
      email,
      icon: 'https://secure.gravatar.example/avatar/0',
      title: null,
      verified,
      service_account: service,
      disabled,
      allowed_login_methods: [],
      status: disabled ? 'Disabled' : verified ? 'Active' : 'Pending',
    },
    relationships: {
      roles: { data: [...roles].map((role) => ({ type: 'roles', id: role })) },
      org: { data: { type: 'orgs', id: organization } },
    },
  }
}

/** Pages count from 0; ten entries unless more are asked for, a hundred at most. */
function page(items: readonly unknown[], total: number, { query }: FastifyRequest): Record<string, unknown> {
  const { 'page[size]': size = '10', 'page[number]': number = '0' } = query as Readonly<
    Record<string, string>
  >
  const from = Number(number) * Math.min(Number(size), 100)
  const data = items.slice(from, from + Math.min(Number(size), 100))
  return { meta: { page: { total_filtered_count: items.length, total_count: total } }, data }
}

type ById = { readonly Params: { readonly id: string } }
interface Writing {
  readonly data?: {
    readonly id?: string
    readonly attributes?: {
      readonly email?: string
      readonly name?: string | null
      readonly disabled?: boolean
    }
    readonly relationships?: { readonly roles?: { readonly data: readonly { readonly id: string }[] } }
  }
}

function routesOf(state: DatadogState): FastifyInstance {
  const app = Fastify()
  app.addHook('onRequest', async ({ headers }, reply) => {
    const { 'dd-api-key': key, 'dd-application-key': other } = headers
    if (key === undefined || other === undefined) return fails(reply, 401, 'Unauthorized')
    // Wrong keys, and those of another site, are forbidden and not unauthorized.
    return state.tokens.has(String(key)) && other === applicationKey
      ? undefined
      : fails(reply, 403, 'Forbidden')
  })
  app.setNotFoundHandler((_, reply) => fails(reply, 404, 'Not found'))
  userRoutes(app, state)
  roleRoutes(app, state)
  return app
}

function userRoutes(app: FastifyInstance, state: DatadogState): void {
  const gone = (reply: FastifyReply, id: string) => fails(reply, 404, `${id} not found`)
  const taken = (email: string, besides?: SimUser): boolean =>
    [...state.users.values()].some((each) => each !== besides && each.email === email)

  app.get('/api/v2/current_user', async () => ({ data: shown(state.users.get(ownId)!) }))

  app.get('/api/v2/users', async (request) => {
    const { filter = '' } = request.query as { readonly filter?: string }
    const all = [...state.users.values()]
    const found = all.filter(({ email, name }) =>
      `${email} ${name}`.toLowerCase().includes(filter.toLowerCase()),
    )
    return page(found.map(shown), all.length, request)
  })

  app.get<ById>('/api/v2/users/:id', async ({ params: { id } }, reply) => {
    const user = state.users.get(id)
    return user ? { data: shown(user) } : gone(reply, id)
  })

  app.post<{ Body: Writing }>('/api/v2/users', async ({ body }, reply) => {
    const { attributes, relationships } = body.data ?? {}
    const email = attributes?.email?.toLowerCase() ?? ''
    if (!email.includes('@')) return fails(reply, 400, 'Invalid email')
    // Whoever is disabled counts, too.
    if (taken(email)) return fails(reply, 409, 'User already exists')
    const roles = relationships?.roles?.data.map(({ id }) => id) ?? []
    if (roles.some((id) => !state.roles.has(id))) return fails(reply, 400, 'Invalid role')
    const user: SimUser = {
      id: randomUUID(),
      email,
      name: attributes?.name ?? null,
      disabled: false,
      verified: false,
      service: false,
      createdAt: new Date().toISOString(),
      roles: new Set(roles),
    }
    state.users.set(user.id, user)
    return reply.code(201).send({ data: shown(user) })
  })

  app.patch<ById & { readonly Body: Writing }>(
    '/api/v2/users/:id',
    async ({ params: { id }, body }, reply) => {
      const { id: named, attributes = {} } = body.data ?? {}
      const user = state.users.get(id)
      if (!user) return gone(reply, id)
      if (named !== id) return fails(reply, 422, "UUID's in the URL and request body do not match")
      const { email, name, disabled } = attributes
      if (name && (name.length > 55 || /[<>]/.test(name))) return fails(reply, 400, 'Invalid name')
      if (email !== undefined) {
        if (taken(email.toLowerCase(), user)) return fails(reply, 409, 'User already exists')
        user.email = email.toLowerCase()
      }
      if (name !== undefined) user.name = name
      if (disabled !== undefined) user.disabled = disabled
      return { data: shown(user) }
    },
  )
}

function roleRoutes(app: FastifyInstance, state: DatadogState): void {
  app.get('/api/v2/roles', async (request) => {
    const roles = [...state.roles].map(([id, name]) => ({ type: 'roles', id, attributes: { name } }))
    return page(roles, roles.length, request)
  })

  for (const method of ['POST', 'DELETE'] as const) {
    app.route<ById & { readonly Body: Writing }>({
      method,
      url: '/api/v2/roles/:id/users',
      handler: async (request, reply) => {
        const { params, body } = request
        if (!state.roles.has(params.id)) return fails(reply, 404, `${params.id} not found`)
        const user = state.users.get(body.data?.id ?? '')
        if (!user) return fails(reply, 404, `${body.data?.id} not found`)
        if (method === 'POST') user.roles.add(params.id)
        else user.roles.delete(params.id)
        // Everybody who has the role now.
        const holders = [...state.users.values()].filter(({ roles }) => roles.has(params.id))
        return page(holders.map(shown), holders.length, request)
      },
    })
  }
}
