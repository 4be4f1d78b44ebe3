import Type from 'typebox'
import type { Static } from 'typebox'
import { type Failure, ignoring, VendorError } from '../../model/errors.ts'
import { type Call, type Requester, segment } from '../kit/http.ts'
import { pages } from '../kit/paginate.ts'
import { Identity, People, Rows } from '../kit/shape.ts'
import {
  byCursor,
  calls,
  type Client,
  type ConsoleRole,
  pageSize,
  type Reach,
  type RoleSet,
} from './client.ts'
import { failure } from './errors.ts'
import { createPlaces } from './places.ts'
import {
  common,
  type ConsoleUser,
  Done,
  enveloped,
  type HeldRole,
  paged,
  scopeOf,
  HeldScopeRole,
  toUser as toConsoleUser,
} from './wire.ts'

/** The management console's API v2.1 as SentinelOne's partners' clients of 2026 call it. */
export function currentClient(send: Requester): Client {
  const reads = userReads(send)
  const places = createPlaces(send)

  async function put(operation: string, id: string, data: object): Promise<void> {
    const path = `users/${segment(id)}`
    await send(calls.writeUsers({ operation, method: 'PUT', path, body: { data } }), Done)
  }

  return {
    ...places,
    ...reads,
    keepsSettings: true,
    roles: (operation, reach) => rolesOf(send, operation, reach),

    async create(_reach, { login, fullName, password, settings, ...set }) {
      const data = {
        email: login,
        fullName,
        ...scopeOfSet(set),
        ...settings,
        ...(password === undefined ? {} : { password }),
      }
      const call = calls.writeUsers({ operation: 'create', method: 'POST', path: 'users', body: { data } })
      return toUser((await send(call, UserAnswer)).body.data)
    },

    /** Scope and roles travel with every PUT: left out, the user would fall to Viewer. */
    async change(reach, id, { fullName, settings }) {
      const user = await reads.user('update', reach, id)
      if (!user) throw failure('not-found', 'update', 'there is no such user any more')
      if (fullName !== undefined && user.facts.readOnly?.includes('displayName')) {
        throw failure('forbidden', 'update', 'the full name of this user is read-only (fullNameReadOnly)')
      }
      const named = fullName === undefined ? {} : { fullName }
      await put('update', id, { ...scopeOfSet(setOf('update', user)), ...named, ...settings })
    },

    setRoles: (_reach, id, set, settings) =>
      put('changeEntitlements', id, { ...scopeOfSet(set), ...settings }),

    async remove(id) {
      await send(calls.writeUsers({ operation: 'remove', method: 'DELETE', path: `users/${segment(id)}` }))
    },

    async revokeToken(id) {
      const path = 'users/revoke-api-token'
      const call = { operation: 'endSessions', method: 'POST', path, body: { data: { id } } } as const
      await send(calls.revokeTokens(call), Done)
    },
  }
}

const hidden: ReadonlySet<Failure> = new Set(['not-found', 'missing-scope', 'forbidden'])

function userReads(send: Requester): Pick<Client, 'users' | 'user' | 'search'> {
  async function matching(operation: string, query: Call['query']): Promise<readonly ConsoleUser[]> {
    const call = calls.readUsers({ operation, method: 'GET', path: 'users', query })
    return (await send(call, UserPage)).body.data.map(toUser)
  }

  /** A user out of the token's scope answers 403 or 404 by id; only the list tells which users there are. */
  async function outOfSight(operation: string, id: string, error: unknown): Promise<ConsoleUser | undefined> {
    if (!(error instanceof VendorError) || !hidden.has(error.failure)) throw error
    const [user] = await matching(operation, { ids: id, limit: 1, skipCount: true })
    if (error.failure === 'not-found') return user
    if (user || error.failure === 'forbidden') throw error
    const detail = 'the user is outside of the scope of the token'
    throw new VendorError('forbidden', detail, { ...error, cause: error.cause })
  }

  return {
    async *users(operation, { narrowedTo }) {
      const query = { ...narrowedTo, limit: pageSize, skipCount: true }
      const first = calls.readUsers({ operation, method: 'GET', path: 'users', query })
      for await (const { data } of pages(send, first, UserPage, byCursor)) yield data.map(toUser)
    },

    async user(operation, _reach, id) {
      const call = calls.readUsers({ operation, method: 'GET', path: `users/${segment(id)}` })
      const reply = await send(call, UserAnswer).catch((error: unknown) => ({ error }))
      return 'error' in reply ? outOfSight(operation, id, reply.error) : toUser(reply.body.data)
    },

    /** `email` is exact, and nothing says that it disregards case; free text finds other spellings. */
    async search(operation, { narrowedTo }, email) {
      const common = { ...narrowedTo, skipCount: true }
      const exact = await matching(operation, { ...common, email, limit: 10 })
      if (exact.length > 0) return exact
      return matching(operation, { ...common, query: email, limit: pageSize })
    },
  }
}

/** Roles that count in the account, those of its parents and of its sites included. */
async function rolesOf(send: Requester, operation: string, reach: Reach): Promise<readonly ConsoleRole[]> {
  const query = { ...reach.narrowedTo, includeParents: true, includeChildren: true, limit: pageSize }
  const read = async (path: string): Promise<readonly ConsoleRole[]> => {
    const found: ConsoleRole[] = []
    const first = calls.roles({ operation, method: 'GET', path, query })
    for await (const { data } of pages(send, first, RolePage, byCursor)) found.push(...data.map(toRole))
    return found
  }
  // Older consoles know the list under its former path.
  return (await read('rbac/roles').catch(ignoring('not-found'))) ?? read('user-roles')
}

function toRole({ id, name, predefinedRole, scope, scopeId }: Role): ConsoleRole {
  return { id, name, definedAt: predefinedRole ? undefined : scopeOf(scope, scopeId) }
}

function scopeOfSet({ level, roles }: RoleSet) {
  return {
    scope: level,
    scopeRoles: roles.map(({ id, scope }) => ({
      ...(scope && scope.level !== 'tenant' ? { id: scope.id } : {}),
      roleId: id,
    })),
  }
}

/** What a user holds, to be written back as it is. */
function setOf(operation: string, { roles }: ConsoleUser): RoleSet {
  const [first, ...rest] = roles
  const level = first?.scope?.level
  if (level === undefined) {
    const detail =
      'the user holds no role that could be written back, and a write without roles makes a Viewer'
    throw failure('unsupported', operation, detail)
  }
  return { level, roles: [first as HeldRole, ...rest] }
}

const text = Type.Optional(Type.Union([Type.String(), Type.Null()]))

/** Without `scopeRoles` a write of the whole set would wipe it, so their absence is refused. */
const User = Type.Object({ ...common, scope: Identity(text), scopeRoles: Type.Array(HeldScopeRole) })
type User = Static<typeof User>

export const UserAnswer = enveloped(User)
const UserPage = paged(People(User))

const Role = Type.Object({
  id: Type.String({ minLength: 1 }),
  name: Type.String(),
  predefinedRole: Type.Optional(Type.Boolean()),
  scope: text,
  scopeId: text,
})
type Role = Static<typeof Role>
const RolePage = paged(Rows(Role))

function toUser(user: User): ConsoleUser {
  return toConsoleUser(user, heldRoles(user), true)
}

function heldRoles({ scope, scopeRoles }: User): readonly HeldRole[] {
  return scopeRoles.map(({ id, roleId, roleName }) => ({
    id: (roleId || roleName)!,
    name: roleName || undefined,
    scope: scopeOf(scope, id),
  }))
}
