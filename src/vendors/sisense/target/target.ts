import { ignoring } from '../../../model/errors.ts'
import type {
  Account,
  AccountDraft,
  Capabilities,
  Creation,
  ProfileChange,
  Target,
  TargetOf,
} from '../../contract.ts'
import type { SisenseCapabilities } from '../capabilities.ts'
import type { SisenseClient, UserChange } from '../client/client.ts'
import { isCalled } from '../client/login-index.ts'
import { failure } from '../errors.ts'
import type { User } from '../wire.ts'
import { toAccount } from './account.ts'
import { changeEntitlements } from './changes.ts'
import { groupsOf } from './groups.ts'
import { groupEntitlements, type NameBook } from './names.ts'
import { createOwnRole, type OwnRole } from './own-role.ts'
import { superRole, viewer } from './roles.ts'

export interface Surroundings {
  /** Of the base URL. */
  readonly host: string
  /** Milliseconds since the epoch. */
  readonly now: () => number
}

/** What Sisense's users, roles and groups mean in the contract's words. */
export function createTarget(
  client: SisenseClient,
  names: NameBook,
  capabilities: Capabilities,
  { host, now }: Surroundings,
): TargetOf<SisenseCapabilities> {
  const ownRole = createOwnRole(client, names, now)

  return {
    capabilities,
    ...reads({ client, names, ownRole, now }),
    ...writes({ client, names, ownRole, now }),
    ...(client.keeping && groupsOf(client, client.keeping)),
    probe: () => client.probe(),

    async test() {
      await names.fresh('test')
      await ownRole.demand('test')
      for await (const page of client.users('test')) if (page.length > 0) break
    },

    async tenant() {
      const [{ roles }, self] = await Promise.all([names.fresh('tenant'), client.whoami('tenant')])
      const id = self?.tenantId ?? roles.idOf(viewer)
      if (id) return `${host}/${id}`
      throw failure('unexpected', 'tenant', 'the instance has no role Viewer to know it by')
    },

    self: async () => (await client.whoami('self'))?._id,

    async catalogue() {
      const known = await names.fresh('catalogue')
      // Somebody is the system administrator already, and there is never a second one.
      const roles = known.roles.entitlements.filter(({ id }) => id !== superRole)
      return [...roles, ...groupEntitlements(known)]
    },
  }
}

interface Parts {
  readonly client: SisenseClient
  readonly names: NameBook
  readonly ownRole: OwnRole
  readonly now: () => number
}

async function read({ names, now }: Parts, operation: string, user: User): Promise<Account> {
  return toAccount(user, await names.withRole(operation, user.roleId ?? ''), now())
}

async function find(parts: Parts, operation: string, name: string): Promise<readonly Account[]> {
  const users = (await parts.client.candidates(operation, name)).filter((user) => isCalled(user, name))
  if (users.length === 0) await parts.ownRole.demand(operation)
  return Promise.all(users.map((user) => read(parts, operation, user)))
}

function reads(parts: Parts): Pick<Target, 'get' | 'find' | 'list'> {
  const { client, ownRole } = parts
  return {
    async get(id) {
      const user = await client.user('get', id).catch(ignoring('not-found'))
      if (user) return read(parts, 'get', user)
      await ownRole.demand('get')
      return undefined
    },

    async find(attribute, value) {
      if (attribute !== 'userName' && attribute !== 'email') {
        throw failure('unsupported', 'find', `cannot search by ${attribute}`)
      }
      return value.trim() === '' ? [] : find(parts, 'find', value.trim())
    },

    async *list() {
      await ownRole.demand('list')
      for await (const page of client.users('list')) for (const user of page) yield read(parts, 'list', user)
    },
  }
}

function writes(
  parts: Parts,
): Pick<
  TargetOf<SisenseCapabilities>,
  'create' | 'update' | 'changeEntitlements' | 'setActive' | 'remove' | 'endSessions'
> {
  const { client, names, ownRole } = parts
  const { endSessions } = client
  return {
    create: (draft, secret) => create(parts, draft, secret?.password),

    async update(id, change) {
      const body = changeOf(change)
      if (Object.keys(body).length === 0) return {}
      return client.change('update', id, body).catch(ownRole.suspect)
    },

    changeEntitlements: (id, change) => changeEntitlements(client, names, id, change).catch(ownRole.suspect),
    setActive: (id, active) => client.change('setActive', id, { active }).catch(ownRole.suspect),

    async remove(id) {
      return (await client.remove(id).catch(ignoring('not-found')).catch(ownRole.suspect)) ?? {}
    },

    ...(endSessions ? { endSessions: (id) => endSessions(id).catch(ownRole.suspect) } : {}),
  }
}

async function create(parts: Parts, draft: AccountDraft, password?: string): Promise<Creation> {
  const { login, profile } = draft
  const wanted = await userOf(draft, parts.names)
  const user = await parts.client.create(wanted, password).catch(ignoring('conflict'))
  if (user) return { outcome: 'created', account: await read(parts, 'create', user) }
  // The name or the address is taken; whoever has the login counts first.
  const [account] = await find(parts, 'create', login)
  if (account) return { outcome: 'exists', account }
  return { outcome: 'exists', account: (await find(parts, 'create', profile.email ?? login))[0] }
}

/** Names go out in lower case: whether the vendor's filters mind the case is not known. */
async function userOf({ login, profile, entitlements }: AccountDraft, names: NameBook) {
  const role = entitlements.findLast(({ kind }) => kind === 'role')?.id ?? viewer
  const groups = entitlements.filter(({ kind }) => kind === 'group').map(({ id }) => id)
  const { email = login, userName = login, givenName, familyName, locale } = profile
  return {
    userName: userName.toLowerCase(),
    email: email.toLowerCase(),
    roleId: await names.roleId('create', role),
    ...(givenName === undefined ? {} : { firstName: givenName }),
    ...(familyName === undefined ? {} : { lastName: familyName }),
    ...(groups.length === 0 ? {} : { groups }),
    ...(locale === undefined ? {} : { locale }),
  }
}

/** A name that is cleared becomes empty; a user always has a login, an address and a locale. */
function changeOf({ userName, email, givenName, familyName, locale }: ProfileChange): UserChange {
  return {
    ...(userName ? { userName: userName.toLowerCase() } : {}),
    ...(email ? { email: email.toLowerCase() } : {}),
    ...(givenName === undefined ? {} : { firstName: givenName ?? '' }),
    ...(familyName === undefined ? {} : { lastName: familyName ?? '' }),
    ...(locale ? { locale } : {}),
  }
}
