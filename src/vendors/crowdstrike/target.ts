import {
  type Account,
  type AccountDraft,
  type AccountSummary,
  type Entitlement,
  entitlementKey,
  type HeldEntitlement,
  type Profile,
  type ProfileChange,
} from '../../model/account.ts'
import type { Capabilities } from '../../model/capabilities.ts'
import { ignoring } from '../../model/errors.ts'
import type { Creation, Receipt, TargetOf } from '../contract.ts'
import { type FalconCapabilities, isPrivileged } from './capabilities.ts'
import { type FalconClient, type FalconUser, type FalconUserChange, inBatches, usersOf } from './client.ts'
import { failure } from './errors.ts'
import { changeRoles, createCustomRoles, createHome, type CustomRoles, type Home } from './roles.ts'

interface Accounts {
  /** With `known` only the roles are read. */
  get(id: string, known: Account | undefined): Promise<Account | undefined>
  /** `afresh` trusts nothing that was read before. */
  find(operation: string, login: string, afresh: boolean): Promise<readonly Account[]>
}

/** Users with their roles: one more call for each CID. */
function createAccounts(client: FalconClient, home: Home): Accounts {
  async function complete(operation: string, user: FalconUser): Promise<Account | undefined> {
    const entitlements = await rolesOf(operation, user.id).catch(ignoring('not-found'))
    return entitlements && holding(toSummary(user), entitlements)
  }

  async function rolesOf(operation: string, id: string): Promise<readonly HeldEntitlement[]> {
    const held = new Map<string, HeldEntitlement>()
    for (const cid of await home.cids(operation)) {
      for (const each of await client.grants(operation, id, cid)) held.set(entitlementKey(each), each)
    }
    return [...held.values()]
  }

  async function find(operation: string, login: string, afresh: boolean): Promise<readonly Account[]> {
    const ids = await client.idsOf(operation, login, afresh)
    const read = await usersOf(client, operation, ids)
    const users = read.filter((user) => isCalled(user, login))
    // What was read before has been renamed or removed since.
    if (users.length === 0 && ids.length > 0 && !afresh) return find(operation, login, true)
    if (read.length === 0 && ids.length > 0)
      throw failure('unexpected', operation, 'a user that the search shows cannot be read')
    const accounts = await Promise.all(users.map((user) => complete(operation, user)))
    return accounts.filter((account) => account !== undefined)
  }

  return {
    find,
    async get(id, known) {
      if (known?.id === id && client.tellsGone) {
        const entitlements = await rolesOf('get', id).catch(ignoring('not-found'))
        return entitlements && holding(known, entitlements)
      }
      const [user] = await usersOf(client, 'get', [id])
      return user && complete('get', user)
    },
  }
}

function holding(account: AccountSummary, entitlements: readonly HeldEntitlement[]): Account {
  return { ...account, entitlements, privileged: entitlements.some(({ id }) => isPrivileged(id)) }
}

function isCalled(user: FalconUser, login: string): boolean {
  return user.login.toLowerCase() === login.toLowerCase()
}

/** Falcon wants both names; this stands for one that nobody knows. */
const none = '-'

export interface Names {
  readonly givenName: string
  readonly familyName: string
}

/** Both names of a new user: as given, else out of `displayName`, else a dash. */
export function namesOf({ givenName, familyName, displayName = '' }: Profile): Names {
  const [first = '', ...rest] = displayName.trim().split(/\s+/)
  return {
    givenName: givenName?.trim() || first || none,
    familyName: familyName?.trim() || rest.join(' ') || none,
  }
}

/** A name that is cleared becomes a dash. */
function nameToWrite(name: string | null | undefined): string | undefined {
  return name === undefined ? undefined : name?.trim() || none
}

interface Cids {
  /** The one that the settings name. */
  readonly cid: string | undefined
  /** Flight Control children in which roles are granted too. */
  readonly memberCids: readonly string[]
}

/** What Falcon's user management means in the contract's words. */
export function createTarget(
  client: FalconClient,
  capabilities: Capabilities,
  { cid, memberCids }: Cids,
): TargetOf<FalconCapabilities> {
  const home = createHome(client, cid, client.scopedRoles ? memberCids : [])
  const accounts = createAccounts(client, home)
  const custom = createCustomRoles(client, home, client.scopedRoles && memberCids.length > 0)

  const draftOf = ({ login, profile }: AccountDraft) => {
    return { login: login.toLowerCase(), ...namesOf(profile), cid }
  }
  const rehearse = client.rehearse?.bind(client)

  async function create(given: AccountDraft): Promise<Creation> {
    const { login } = given
    const creation = await client.create(draftOf(given)).catch(ignoring('conflict'))
    if (!creation) {
      // Without an account the address belongs to another CID, or is blocked.
      const [account, another] = await accounts.find('create', login, true)
      return { outcome: 'exists', account: another ? undefined : account }
    }
    const { user, requestId } = creation
    return { outcome: 'created', account: { ...toSummary(user), entitlements: [] }, requestId }
  }

  return {
    capabilities,
    create,
    ...(rehearse && { rehearse: (given: AccountDraft) => rehearse(draftOf(given)) }),
    get: accounts.get,
    tenant: () => home.verified('tenant'),
    // An API client is no user.
    self: async () => undefined,

    async probe() {
      await client.probe()
      return true
    },

    async test() {
      await client.someUser('test', undefined)
      for (const id of await home.cids('test')) await client.roles('test', id)
    },

    async find(attribute, value) {
      if (attribute === 'email' || attribute === 'userName') {
        return value.trim() === '' ? [] : accounts.find('find', value.trim(), false)
      }
      throw failure('unsupported', 'find', `cannot search by ${attribute}`)
    },

    async *list() {
      for await (const ids of inBatches(client.userIds('list'), client.idsPerRead)) {
        for (const user of await usersOf(client, 'list', ids)) yield toSummary(user)
      }
    },

    update: (id, change) => updateUser(client, capabilities, id, change),

    async remove(id) {
      return (await client.remove(id).catch(ignoring('not-found'))) ?? {}
    },

    catalogue: () => catalogueOf(client, home, custom),

    async changeEntitlements(id, change) {
      await custom.check(id, change.assign)
      return changeRoles(client, capabilities, await home.cid('changeEntitlements'), id, change)
    },
  }
}

/** The roles of every CID; those of the home CID are meant by rules that name none. */
async function catalogueOf(
  client: FalconClient,
  home: Home,
  custom: CustomRoles,
): Promise<readonly Entitlement[]> {
  const [first, ...others] = await home.cids('catalogue')
  const offers: Entitlement[] = []
  for (const id of [first, ...others]) {
    const scope = { level: 'cid', id } as const
    const meant = id === first ? { home: true as const } : {}
    const roles = await client.roles('catalogue', id)
    custom.learn(roles)
    for (const role of roles) {
      const privileged = isPrivileged(role.id)
      const entry = { kind: 'role', id: role.id, name: role.name, scope, ...meant, privileged } as const
      offers.push({ ...entry, ...custom.refusal(role, first) })
    }
  }
  return offers
}

/** One PATCH, with both names where the profile wants them together. */
async function updateUser(
  client: FalconClient,
  can: Capabilities,
  id: string,
  change: ProfileChange,
): Promise<Receipt> {
  const login = change.email?.toLowerCase()
  if (login !== undefined && can.attributes.email?.mutability !== 'readWrite') {
    throw failure('unsupported', 'update', 'the e-mail address of a Falcon user is fixed')
  }
  const names = { givenName: nameToWrite(change.givenName), familyName: nameToWrite(change.familyName) }
  if (login === undefined && names.givenName === undefined && names.familyName === undefined) return {}

  const paired = can.updateTogether ? await withBoth(client, id, names) : names
  const { empty, ...receipt } = await client.update(id, { login, ...paired })
  if (empty) await mustExist(client, id)
  return receipt
}

/** Falcon refuses a single name: the other one is written back as it is. */
async function withBoth(
  client: FalconClient,
  id: string,
  names: FalconUserChange,
): Promise<FalconUserChange> {
  if (names.givenName !== undefined && names.familyName !== undefined) return names
  const held = await mustExist(client, id)
  return {
    givenName: names.givenName ?? nameToWrite(held.givenName ?? null),
    familyName: names.familyName ?? nameToWrite(held.familyName ?? null),
  }
}

async function mustExist(client: FalconClient, id: string) {
  const [user] = await usersOf(client, 'update', [id])
  if (user === undefined) throw failure('not-found', 'update', 'there is no such user any more')
  return user
}

/** A user is active as long as there is one: Falcon's `status` is read-only and undefined in public. */
function toSummary({ id, login, givenName, familyName, createdAt, facts }: FalconUser) {
  return {
    id,
    login,
    profile: { email: login, ...(givenName && { givenName }), ...(familyName && { familyName }) },
    state: 'active',
    ...(createdAt && { createdAt }),
    // Only the roles tell, and a listing has none.
    privileged: false,
    facts,
  } as const satisfies AccountSummary
}
