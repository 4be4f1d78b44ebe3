import { randomBytes } from 'node:crypto'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { entitlementKey } from '../../model/account.ts'
import {
  type SimulatedPerson,
  startSimulator,
  type SimulatorOptions,
  type VendorSimulator,
} from '../simulator.ts'

interface SimMember {
  readonly id: string
  readonly email: string
  readonly userId: string
  status: 'pending' | 'accepted' | 'rejected'
  roles: readonly string[]
}

export interface CloudflareState {
  readonly members: Map<string, SimMember>
  /** Names of roles by their ids. */
  readonly roles: Map<string, string>
  readonly tokens: Map<string, { readonly mayWrite: boolean }>
  readonly mails: { readonly to: string }[]
  seedMembers(count: number): void
  /** The person follows the invitation. */
  accept(email: string): void
  reset(): void
}

const account = '0'.repeat(30).concat('ac')
const token = 'simulated_cloudflare_token'
const superAdministrator = roleId(1)
const minimal = roleId(9)

function roleId(number: number): string {
  return number.toString(16).padStart(32, 'f')
}

function createState(): CloudflareState {
  const add = (email: string, status: SimMember['status'], roles: readonly string[]): SimMember => {
    const id = randomBytes(16).toString('hex')
    const member: SimMember = { id, email, userId: randomBytes(16).toString('hex'), status, roles }
    state.members.set(id, member)
    return member
  }
  const state: CloudflareState = {
    members: new Map(),
    roles: new Map(),
    tokens: new Map(),
    mails: [],
    seedMembers(count) {
      for (let left = count; left > 0; left -= 1) add(`seeded${left}@corp.example`, 'accepted', [minimal])
    },
    accept(email) {
      for (const member of state.members.values()) if (member.email === email) member.status = 'accepted'
    },
    reset() {
      state.members.clear()
      state.roles.clear()
      state.tokens.clear()
      state.mails.length = 0
      state.tokens.set(token, { mayWrite: true })
      for (const [id, name] of [
        [superAdministrator, 'Super Administrator - All Privileges'],
        [roleId(2), 'Administrator'],
        [roleId(3), 'Administrator Read Only'],
        [roleId(4), 'DNS'],
        [roleId(5), 'Analytics'],
        [minimal, 'Minimal Account Access'],
      ] as const)
        state.roles.set(id, name)
      add('root@corp.example', 'accepted', [superAdministrator])
    },
  }
  state.reset()
  return state
}

/** Account members of Cloudflare on a loopback socket: envelopes, one code for two absences, sets that are replaced. */
export async function startCloudflare(
  options: SimulatorOptions = {},
): Promise<VendorSimulator<CloudflareState>> {
  const state = createState()
  const simulator = await startSimulator(routesOf(state), {
    ...(options.port === undefined ? {} : { port: options.port }),
    reset: state.reset,
    state: () => ({ people: people(state), mails: state.mails }),
  })
  return {
    ...simulator,
    vendor: 'cloudflare',
    state,
    connection: () => ({ settings: { account, baseUrl: simulator.origin }, credentials: { token } }),
    people: () => people(state),
    grants: [{ role: 'Analytics' }, { role: 'DNS' }],
  }
}

function people({ members }: CloudflareState): readonly SimulatedPerson[] {
  const states = { accepted: 'active', pending: 'invited', rejected: 'disabled' } as const
  return [...members.values()].map(({ email, status, roles }) => ({
    login: email,
    state: states[status],
    entitlements: roles
      .filter((id) => id !== minimal)
      .map((id) => entitlementKey({ kind: 'role', id }))
      .sort(),
  }))
}

const fails = (reply: FastifyReply, status: number, code: number, message: string): FastifyReply =>
  reply.code(status).send({ success: false, errors: [{ code, message }], messages: [], result: null })
const answers = (result: unknown) => ({ success: true, errors: [], messages: [], result })

/** A page; the list ends where `total_count` says. */
function page(items: readonly unknown[], request: FastifyRequest): Record<string, unknown> {
  const { page: number = '1', per_page: size = '20' } = request.query as Readonly<Record<string, string>>
  const perPage = Math.min(Number(size), 50)
  const from = (Number(number) - 1) * perPage
  const result = items.slice(from, from + perPage)
  const total = { total_pages: Math.ceil(items.length / perPage), total_count: items.length }
  return {
    ...answers(result),
    result_info: { page: Number(number), per_page: perPage, count: result.length, ...total },
  }
}

type ById = { readonly Params: { readonly id: string } }
interface Writing {
  readonly email?: string
  readonly roles?: readonly unknown[]
  readonly status?: SimMember['status']
}

function routesOf(state: CloudflareState): FastifyInstance {
  const app = Fastify()
  app.addHook('onRequest', async (request, reply) => {
    const [, given = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? []
    const known = state.tokens.get(given)
    if (!known) return fails(reply, 401, 1000, 'Invalid API Token')
    if (!known.mayWrite && request.method !== 'GET') return fails(reply, 403, 10_000, 'Authentication error')
    return undefined
  })
  app.setNotFoundHandler((_, reply) => fails(reply, 404, 7003, 'Could not route to the path'))
  void app.register(
    async (scoped) => {
      scoped.addHook('preHandler', async (request, reply) => {
        const { account: asked } = request.params as { readonly account: string }
        // The same code as for a member.
        return asked === account ? undefined : fails(reply, 404, 1003, 'Account not found')
      })
      scoped.get('/', async () => answers({ id: account, name: 'Acme', type: 'standard' }))
      scoped.get('/roles', async (request) => {
        const roles = [...state.roles].map(([id, name]) => ({ id, name, description: name, permissions: {} }))
        return page(roles, request)
      })
      memberRoutes(scoped, state)
    },
    { prefix: '/client/v4/accounts/:account' },
  )
  return app
}

function memberRoutes(app: FastifyInstance, state: CloudflareState): void {
  const shown = ({ id, email, userId, status, roles }: SimMember): Record<string, unknown> => ({
    id,
    email,
    status,
    user: {
      id: userId,
      email,
      first_name: status === 'accepted' ? email.split('@')[0] : null,
      last_name: null,
      two_factor_authentication_enabled: false,
    },
    roles: roles.map((role) => ({ id: role, name: state.roles.get(role), permissions: {} })),
    policies: [],
  })
  const gone = (reply: FastifyReply) => fails(reply, 404, 1003, 'Member not found for account')
  const superAdministrators = (): readonly SimMember[] =>
    [...state.members.values()].filter(({ roles }) => roles.includes(superAdministrator))
  const isLast = (member: SimMember): boolean => {
    const [only, another] = superAdministrators()
    return only === member && another === undefined
  }

  app.get('/members', async (request) => page([...state.members.values()].map(shown), request))

  app.get<ById>('/members/:id', async ({ params }, reply) => {
    const member = state.members.get(params.id)
    return member ? answers(shown(member)) : gone(reply)
  })

  app.post<{ Body: Writing }>('/members', async ({ body }, reply) => {
    const { email, roles = [], status = 'pending' } = body
    if (!email) return fails(reply, 400, 1001, "Invalid request: Value required for parameter 'email'.")
    if (roles.length === 0 || roles.some((id) => typeof id !== 'string' || !state.roles.has(id)))
      return fails(reply, 400, 1001, 'Invalid request: Invalid roles')
    // Nothing public says how a duplicate is refused: only that it is.
    if ([...state.members.values()].some((each) => each.email === email.toLowerCase()))
      return fails(reply, 400, 1001, 'Invalid request')
    const id = randomBytes(16).toString('hex')
    const userId = randomBytes(16).toString('hex')
    const member: SimMember = { id, userId, email: email.toLowerCase(), status, roles: roles as string[] }
    state.members.set(id, member)
    if (status === 'pending') state.mails.push({ to: member.email })
    return answers(shown(member))
  })

  app.put<ById & { readonly Body: Writing }>('/members/:id', async ({ params, body }, reply) => {
    const member = state.members.get(params.id)
    if (!member) return gone(reply)
    const ids = (body.roles ?? []).map((role) => (role as { readonly id?: string }).id ?? '')
    if (ids.length === 0 || ids.some((id) => !state.roles.has(id)))
      return fails(reply, 400, 1001, 'Invalid request: Invalid roles')
    if (isLast(member) && !ids.includes(superAdministrator))
      return fails(reply, 400, 1001, 'The last Super Administrator cannot be changed')
    member.roles = ids
    return answers(shown(member))
  })

  app.delete<ById>('/members/:id', async ({ params }, reply) => {
    const member = state.members.get(params.id)
    if (!member) return gone(reply)
    if (isLast(member)) return fails(reply, 400, 1001, 'The last Super Administrator cannot be removed')
    state.members.delete(member.id)
    return answers({ id: member.id })
  })
}
