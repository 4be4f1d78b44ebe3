import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify'
import { entitlementKey } from '../../model/account.ts'
import {
  type SimulatedPerson,
  startSimulator,
  type SimulatorOptions,
  type VendorSimulator,
} from '../simulator.ts'

interface SimUser {
  readonly id: number
  email: string
  first_name: string | null
  last_name: string | null
  is_active: boolean
  is_superuser: boolean
  sso_source: string | null
  readonly date_joined: string
  last_login: string | null
  groups: Set<number>
}

interface SimGroup {
  readonly id: number
  name: string
  readonly magic_group_type: string | null
}

export interface MetabaseState {
  readonly users: Map<number, SimUser>
  readonly groups: Map<number, SimGroup>
  readonly mails: { readonly to: string }[]
  readonly tokens: Map<string, unknown>
  /** The key's group was removed: it is in All Users now. */
  keyIsPlain: boolean
  seedUsers(count: number): void
  reset(): void
}

const apiKey = 'mb_simulated_key_of_administrators'
const everybody = 1
const administrators = 2

function createState(): MetabaseState {
  let last = { user: 730_000, group: 4 }
  const state: MetabaseState = {
    users: new Map(),
    groups: new Map(),
    mails: [],
    tokens: new Map(),
    keyIsPlain: false,
    seedUsers(count) {
      for (let left = count; left > 0; left -= 1) addUser(state, `seeded${left}@corp.example`, null, null)
    },
    reset() {
      last = { user: 730_000, group: 4 }
      state.users.clear()
      state.groups.clear()
      state.mails.length = 0
      state.keyIsPlain = false
      state.tokens.clear()
      state.tokens.set(apiKey, {})
      for (const [id, name, magic_group_type] of [
        [everybody, 'All Users', 'all-internal-users'],
        [administrators, 'Administrators', 'admin'],
        [3, 'Sales', null],
        [4, 'Finance', null],
      ] as const)
        state.groups.set(id, { id, name, magic_group_type })
      const { id } = addUser(state, 'admin@corp.example', 'Root', 'Admin')
      const admin = state.users.get(id)!
      admin.is_superuser = true
      admin.groups.add(administrators)
    },
  }
  nextIds.set(state, { user: () => (last.user += 1), group: () => (last.group += 1) })
  state.reset()
  return state
}

const nextIds = new WeakMap<MetabaseState, { readonly user: () => number; readonly group: () => number }>()

function addUser(
  state: MetabaseState,
  email: string,
  first: string | null,
  lastName: string | null,
): SimUser {
  const id = nextIds.get(state)!.user()
  const user: SimUser = {
    id,
    email,
    first_name: first,
    last_name: lastName,
    is_active: true,
    is_superuser: false,
    sso_source: null,
    date_joined: new Date().toISOString(),
    last_login: null,
    groups: new Set([everybody]),
  }
  state.users.set(id, user)
  return user
}

/** Metabase's people and permission groups on a loopback socket, with the quirks of its source. */
export async function startMetabase(options: SimulatorOptions = {}): Promise<VendorSimulator<MetabaseState>> {
  const state = createState()
  const simulator = await startSimulator(routesOf(state), {
    ...(options.port === undefined ? {} : { port: options.port }),
    reset: state.reset,
    state: () => ({ people: people(state), groups: [...state.groups.values()], mails: state.mails }),
  })
  return {
    ...simulator,
    vendor: 'metabase',
    state,
    connection: () => ({ settings: { baseUrl: simulator.origin }, credentials: { apiKey } }),
    people: () => people(state),
    grants: [{ vendorGroup: 'Sales' }, { vendorGroup: 'Finance' }],
  }
}

function people({ users }: MetabaseState): readonly SimulatedPerson[] {
  return [...users.values()].map(({ email, is_active, groups }) => ({
    login: email,
    state: is_active ? 'active' : 'disabled',
    entitlements: [...groups]
      .filter((id) => id !== everybody)
      .map((id) => entitlementKey({ kind: 'group', id: String(id) }))
      .sort(),
  }))
}

const shown = ({ groups: _, ...user }: SimUser): Record<string, unknown> => ({
  ...user,
  common_name: [user.first_name, user.last_name].filter(Boolean).join(' ') || user.email,
})
const listed = (user: SimUser): Record<string, unknown> => ({ ...shown(user), group_ids: [...user.groups] })
const detailed = (user: SimUser): Record<string, unknown> => ({
  ...shown(user),
  user_group_memberships: [...user.groups].map((id) => ({ id, is_group_manager: false })),
  structured_attributes: {},
})

/** What is said with a status and nothing else goes out as plain text. */
const says = (reply: FastifyReply, status: number, text: string): FastifyReply =>
  reply.code(status).type('text/plain').send(text)
const wrong = (reply: FastifyReply, field: string, text: string): FastifyReply =>
  reply.code(400).send({ errors: { [field]: text }, 'specific-errors': {} })

interface Body {
  readonly email?: string
  readonly first_name?: string | null
  readonly last_name?: string | null
  readonly is_superuser?: boolean
  readonly user_group_memberships?: readonly { readonly id: number }[]
}

function routesOf(state: MetabaseState): FastifyInstance {
  const app = Fastify()
  app.addHook('onRequest', async (request, reply) => {
    if (!state.tokens.has(String(request.headers['x-api-key']))) return says(reply, 401, 'Unauthenticated')
    if (state.keyIsPlain && request.url !== '/api/user/current')
      return says(reply, 403, "You don't have permissions to do that.")
    return undefined
  })
  app.setNotFoundHandler((_, reply) => says(reply, 404, 'API endpoint does not exist.'))
  userRoutes(app, state)
  groupRoutes(app, state)
  return app
}

type ById = { readonly Params: { readonly id: string } }

function userRoutes(app: FastifyInstance, state: MetabaseState): void {
  const taken = (email: string, besides?: SimUser): boolean =>
    [...state.users.values()].some(
      (each) => each !== besides && each.email.toLowerCase() === email.toLowerCase(),
    )

  app.get<{ Querystring: Readonly<Record<string, string>> }>('/api/user', async ({ query }) => {
    const { status, query: text = '', limit, offset = '0' } = query
    const found = [...state.users.values()].filter(
      (user) =>
        (status === 'all' || user.is_active === (status !== 'deactivated')) &&
        // A part of any of the names or of the address is enough.
        `${user.first_name}\n${user.last_name}\n${user.email}`.toLowerCase().includes(text.toLowerCase()),
    )
    const end = limit === undefined ? undefined : Number(offset) + Number(limit)
    const data = found.slice(Number(offset), end).map(listed)
    return { data, total: found.length, limit: Number(limit ?? 0), offset: Number(offset) }
  })

  app.get('/api/user/current', async () => ({
    id: 999_999,
    email: 'api-key-user@api-key.invalid',
    common_name: 'Drawbridge',
    is_superuser: !state.keyIsPlain,
  }))

  app.get<ById>('/api/user/:id', async ({ params }, reply) => {
    const user = state.users.get(Number(params.id))
    return user ? detailed(user) : says(reply, 404, 'Not found.')
  })

  app.post<{ Body: Body }>('/api/user', async ({ body }, reply) => {
    const { email = '', first_name, last_name, user_group_memberships } = body
    if (!email.includes('@')) return wrong(reply, 'email', 'value must be a valid email address.')
    if (taken(email)) return wrong(reply, 'email', 'Email address already in use.')
    const groups = user_group_memberships?.map(({ id }) => id) ?? [everybody]
    if (groups.some((id) => !state.groups.has(id))) return reply.code(500).send({ message: 'FK violation' })
    const user = addUser(state, email.toLowerCase(), first_name ?? null, last_name ?? null)
    user.groups = new Set([everybody, ...groups])
    user.is_superuser = user.groups.has(administrators)
    state.mails.push({ to: user.email })
    return detailed(user)
  })

  app.put<ById & { readonly Body: Body }>('/api/user/:id', async ({ params, body }, reply) => {
    const user = state.users.get(Number(params.id))
    // Whoever is deactivated cannot be changed, and is said not to be there.
    if (!user?.is_active) return says(reply, 404, 'Not found.')
    const refused = refusalOf(user, body)
    if (refused) return wrong(reply, ...refused)
    if (body.email !== undefined) {
      if (taken(body.email, user))
        return wrong(reply, 'email', 'Email address already associated to another user.')
      user.email = body.email.toLowerCase()
    }
    if (body.first_name !== undefined) user.first_name = body.first_name
    if (body.last_name !== undefined) user.last_name = body.last_name
    if (body.user_group_memberships) {
      const ids = body.user_group_memberships.map(({ id }) => id)
      if (ids.some((id) => !state.groups.has(id))) return reply.code(500).send({ message: 'FK violation' })
      user.groups = new Set(ids)
      user.is_superuser = user.groups.has(administrators)
    }
    return detailed(user)
  })

  app.delete<ById>('/api/user/:id', async ({ params }, reply) => {
    const user = state.users.get(Number(params.id))
    if (!user) return says(reply, 404, 'Not found.')
    user.is_active = false
    return { success: true }
  })

  app.put<ById>('/api/user/:id/reactivate', async ({ params }, reply) => {
    const user = state.users.get(Number(params.id))
    if (!user) return says(reply, 404, 'Not found.')
    if (user.is_active) return reply.code(400).send({ message: 'Not able to reactivate an active user' })
    user.is_active = true
    // Nobody comes back as an administrator.
    user.is_superuser = false
    user.groups.delete(administrators)
    return detailed(user)
  })
}

function refusalOf(user: SimUser, body: Body): readonly [field: string, text: string] | undefined {
  const { first_name, user_group_memberships: memberships, is_superuser } = body
  if (user.sso_source && first_name !== undefined && first_name !== user.first_name)
    return ['first_name', 'Editing first name is not allowed for SSO users.']
  if (!memberships) return undefined
  const ids = memberships.map(({ id }) => id)
  if (!ids.includes(everybody)) return ['user_group_memberships', 'You cannot remove someone from All Users.']
  const isAdmin = ids.includes(administrators)
  if (isAdmin !== (is_superuser ?? user.is_superuser))
    return [
      'is_superuser',
      'Value of is_superuser must correspond to presence of Admin group ID in group_ids.',
    ]
  return undefined
}

function groupRoutes(app: FastifyInstance, state: MetabaseState): void {
  const isTaken = (name: string, besides?: SimGroup): boolean =>
    [...state.groups.values()].some(
      (each) => each !== besides && each.name.toLowerCase() === name.toLowerCase(),
    )
  const counted = (group: SimGroup): Record<string, unknown> => ({
    ...group,
    member_count: [...state.users.values()].filter(({ groups }) => groups.has(group.id)).length,
  })
  const nameTaken = 'A group with that name already exists.'

  app.get('/api/permissions/group', async () => [...state.groups.values()].map(counted))

  app.post<{ Body: { readonly name: string } }>('/api/permissions/group', async ({ body }, reply) => {
    if (isTaken(body.name)) return says(reply, 400, nameTaken)
    const id = nextIds.get(state)!.group()
    const group: SimGroup = { id, name: body.name, magic_group_type: null }
    state.groups.set(id, group)
    return group
  })

  app.put<ById & { readonly Body: { readonly name: string } }>(
    '/api/permissions/group/:id',
    async ({ params, body }, reply) => {
      const group = state.groups.get(Number(params.id))
      if (!group) return says(reply, 404, 'Not found.')
      if (isTaken(body.name, group)) return says(reply, 400, nameTaken)
      group.name = body.name
      return group
    },
  )

  app.delete<ById>('/api/permissions/group/:id', async ({ params }, reply) => {
    const group = state.groups.get(Number(params.id))
    if (!group) return says(reply, 404, 'Not found.')
    if (group.magic_group_type)
      return says(reply, 400, `You cannot edit or delete the '${group.name}' permissions group!`)
    state.groups.delete(group.id)
    for (const { groups } of state.users.values()) groups.delete(group.id)
    return reply.code(204).send()
  })
}
