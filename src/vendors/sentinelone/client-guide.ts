import Type from 'typebox'
import type { Static } from 'typebox'
import type { Scope } from '../../model/account.ts'
import { ignoring } from '../../model/errors.ts'
import { type Requester, segment } from '../kit/http.ts'
import { pages } from '../kit/paginate.ts'
import { Identity, People, Rows } from '../kit/shape.ts'
import {
  byCursor,
  calls,
  type Client,
  type ConsoleRole,
  fold,
  pageSize,
  type Place,
  type RoleSet,
} from './client.ts'
import { failure } from './errors.ts'
import type { SentineloneSettings } from './settings.ts'
import { common, type ConsoleUser, Done, enveloped, paged, toUser as toConsoleUser } from './wire.ts'

/** The paths, parameters and bodies of the user management API guide of 2026-03, and no others. */
export function guideClient(send: Requester): Client {
  const reads = userReads(send)

  async function put(operation: string, id: string, data: object): Promise<void> {
    const path = `users/${segment(id)}`
    await send(calls.writeUsers({ operation, method: 'PUT', path, body: { data } }), Done)
  }

  return {
    ...reads,
    probe: async () => {
      await whoami(send, 'probe')
      return true
    },
    reach: (operation, settings) => reachOf(send, operation, settings),
    // Neither accounts nor sites can be listed: only what the settings name can be named in a rule.
    scopes: async (_operation, { home, account }) =>
      home.map((scope) => ({ scope, name: scope.level === 'account' ? account.name : undefined })),
    keepsSettings: false,

    async roles(operation, { narrowedTo }) {
      const found: ConsoleRole[] = []
      const query = { accountIds: narrowedTo['accountIds'], limit: pageSize }
      const first = calls.roles({ operation, method: 'GET', path: 'user-roles', query })
      for await (const { data } of pages(send, first, RolePage, byCursor)) {
        // Users carry the name; ids are told by this list alone.
        found.push(...data.map(({ name }) => ({ id: name, name })))
      }
      return found
    },

    async create({ account, home }, { login, fullName, ...set }) {
      const data = {
        email: login,
        fullName,
        role: onlyRole('create', set, home),
        accountId: account.id,
        ...(set.level === 'site' ? { scope: 'site', siteIds: home.map(({ id }) => id) } : {}),
      }
      const call = calls.writeUsers({ operation: 'create', method: 'POST', path: 'users', body: { data } })
      return toUser((await send(call, UserAnswer)).body.data, home)
    },

    change: (_reach, id, { fullName }) => put('update', id, { fullName }),
    setRoles: async ({ home }, id, set) =>
      put('changeEntitlements', id, { role: onlyRole('changeEntitlements', set, home) }),
    setActive: (id, isActive) => put('setActive', id, { isActive }),

    async remove(id) {
      await send(calls.writeUsers({ operation: 'remove', method: 'DELETE', path: `users/${segment(id)}` }))
    },

    async revokeToken(id) {
      const path = `users/${segment(id)}/revoke-api-token`
      await send(calls.revokeTokens({ operation: 'endSessions', method: 'POST', path }), Done)
    },
  }
}

function userReads(send: Requester): Pick<Client, 'users' | 'user' | 'search'> {
  const read: Client['user'] = async (operation, { home }, id) => {
    const call = calls.readUsers({ operation, method: 'GET', path: `users/${segment(id)}` })
    const reply = await send(call, UserAnswer).catch(ignoring('not-found'))
    return reply && toUser(reply.body.data, home)
  }

  return {
    user: read,

    async *users(operation, { narrowedTo, home }) {
      const query = { limit: pageSize, ...narrowedTo }
      const first = calls.readUsers({ operation, method: 'GET', path: 'users', query })
      for await (const { data } of pages(send, first, UserPage, byCursor)) {
        yield data.map((user) => toUser(user, home))
      }
    },

    /** The guide's lists do not tell whether somebody is active, so each match is read by itself. */
    async search(operation, reach, email) {
      const query = { email, ...reach.narrowedTo, limit: 10 }
      const call = calls.readUsers({ operation, method: 'GET', path: 'users', query })
      const found: ConsoleUser[] = []
      for (const { id } of (await send(call, UserPage)).body.data) {
        const user = await read(operation, reach, id)
        if (user) found.push(user)
      }
      return found
    },
  }
}

async function whoami(send: Requester, operation: string): Promise<Me> {
  const call = calls.whoami({ operation, method: 'GET', path: 'users/login/by-token' })
  return (await send(call, MeAnswer)).body.data
}

async function reachOf(send: Requester, operation: string, settings: SentineloneSettings) {
  const me = await whoami(send, operation)
  const account = accountOf(operation, settings, me)
  const [first, ...rest] = (settings.sites ?? []).map((id): Scope => ({ level: 'site', id: id.trim() }))
  return {
    self: me.id,
    selfRoles: me.role ? [me.role] : [],
    account,
    tenantWide: false,
    home: first ? ([first, ...rest] as const) : ([{ level: 'account', id: account.id }] as const),
    // Without it a list may show foreign scopes.
    narrowedTo: { accountIds: account.id },
  }
}

const idLike = /^\d+$/

function accountOf(operation: string, { account }: SentineloneSettings, me: Me): Place {
  const own = me.accountId ? { id: me.accountId, name: me.accountName ?? undefined } : undefined
  if (account === undefined) {
    if (own) return own
    throw failure(
      'missing-scope',
      operation,
      'the console does not tell the account of the token; give its id as the setting account',
    )
  }
  if (own && (account === own.id || (own.name !== undefined && fold(account) === fold(own.name)))) return own
  if (idLike.test(account.trim())) return { id: account.trim() }
  throw failure(
    'missing-scope',
    operation,
    `the account "${account}" is not the token's; in this API profile it must be given by id`,
  )
}

/** This API gives a user one role, which counts wherever the connection is at home. */
function onlyRole(operation: string, { roles }: RoleSet, home: readonly Scope[]): string {
  const [first, ...rest] = roles
  const isEverywhere = home.every(({ level, id }) =>
    roles.some(({ scope }) => scope?.level === level && scope.id === id),
  )
  if (isEverywhere && roles.length === home.length && rest.every(({ id }) => id === first.id)) return first.id
  const detail =
    'this API profile gives a user one role, the same in every site; use profile current for more'
  throw failure('unsupported', operation, detail)
}

const text = Type.Optional(Type.Union([Type.String(), Type.Null()]))

/** One role, by name. `accountId` and `siteIds` are what lists and searches were narrowed to, so they are not read. */
const User = Type.Object({
  ...common,
  role: Type.String(),
  isActive: Type.Optional(Identity(Type.Boolean())),
})
type User = Static<typeof User>

const UserAnswer = enveloped(User)
const UserPage = paged(People(User))

/** The guide's example has no `accountId`, its text says that there is one. */
const Me = Type.Object({
  id: Type.String({ minLength: 1 }),
  role: text,
  accountId: text,
  accountName: text,
})
type Me = Static<typeof Me>
const MeAnswer = enveloped(Me)

const Role = Type.Object({ id: Type.String({ minLength: 1 }), name: Type.String() })
const RolePage = paged(Rows(Role))

/** A user has one role, which counts wherever the connection is at home. */
function toUser(user: User, home: readonly Scope[]): ConsoleUser {
  const roles = user.role === '' ? [] : home.map((scope) => ({ id: user.role, name: user.role, scope }))
  return toConsoleUser(user, roles, user.isActive ?? true)
}
