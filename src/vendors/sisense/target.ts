import type {
  Account,
  AccountDraft,
  AccountFacts,
  EntitlementChange,
  HeldEntitlement,
  Profile,
  ProfileChange,
  VendorGroup,
} from '../../model/account.ts'
import type { Capabilities } from '../../model/capabilities.ts'
import { ignoring, VendorError } from '../../model/errors.ts'
import type { Creation, Receipt, Target, TargetOf } from '../contract.ts'
import type { SisenseCapabilities } from './capabilities.ts'
import { type GroupKeeping, isCalled, type SisenseClient, type UserChange } from './client.ts'
import { failure, isMissingRoute } from './errors.ts'
import {
  groupEntitlements,
  isAdministrator,
  isEveryone,
  isPrivileged,
  type NameBook,
  type Names,
  superRole,
  viewer,
} from './names.ts'
import { needs } from './requests.ts'
import { type Group, groupIdsOf, idIn, roleIdOf, type User } from './wire.ts'

/** A user as the contract has it; `now` tells whether an activation link still lives. */
function toAccount(user: User, names: Names, now: number): Account {
  const { _id, userName, email, created } = user
  const roleId = roleIdOf(user)
  const role = roleId ? (names.roles.nameOf(roleId) ?? roleId) : undefined
  const isListed = names.roles.entitlements.find(({ id }) => id === role)
  return {
    id: _id,
    login: userName || email || _id,
    profile: profileOf(user),
    // `active: false` says "turned off" only of somebody who was on: a user who has not followed the link yet has it too.
    state: user.active === false && !isAwaited(user) ? 'disabled' : 'active',
    entitlements: entitlementsOf(user, role, names),
    ...(created ? { createdAt: created } : {}),
    privileged: isListed?.privileged ?? isPrivileged(role ?? ''),
    facts: factsOf(user, role, now),
  }
}

/** Made, and the activation link was never followed. */
function isAwaited({ active, activationExpires, pendingExpiration, lastLogin }: User): boolean {
  return active === false && !lastLogin && Boolean(activationExpires || pendingExpiration)
}

function profileOf({ userName, email, firstName, lastName, preferences }: User): Profile {
  const locale = preferences?.localeId || preferences?.language
  return {
    ...(userName ? { userName } : {}),
    ...(email ? { email } : {}),
    ...(firstName ? { givenName: firstName } : {}),
    ...(lastName ? { familyName: lastName } : {}),
    ...(locale ? { locale } : {}),
  }
}

/** The group of everybody is no entitlement: nobody can be kept out of it. */
function entitlementsOf(
  { groups, adgroups }: User,
  role: string | undefined,
  { everyone }: Names,
): readonly HeldEntitlement[] {
  const own = new Set((groups ?? []).map(idIn))
  const inherited = [...new Set((adgroups ?? []).map(idIn))].filter((id) => !own.has(id))
  return [
    ...(role === undefined ? [] : [{ kind: 'role', id: role } as const]),
    ...[...own].filter((id) => !everyone.has(id)).map((id) => ({ kind: 'group', id }) as const),
    ...inherited.map((id) => ({ kind: 'group', id, inherited: true }) as const),
  ]
}

function factsOf(user: User, role: string | undefined, now: number): AccountFacts {
  const { active, lastLogin, lastUpdated, activeDirectory, createdSso } = user
  const ends = Date.parse(user.activationExpires ?? user.pendingExpiration ?? '')
  return {
    source: activeDirectory ? 'ad' : createdSso ? 'sso' : 'local',
    ...(lastLogin ? { lastLoginAt: lastLogin } : {}),
    ...(lastUpdated ? { updatedAt: lastUpdated } : {}),
    ...(typeof active === 'boolean' ? { emailVerified: !isAwaited(user) } : {}),
    ...(isAwaited(user) ? { invitation: ends < now ? 'expired' : 'pending' } : {}),
    // There is never more than one.
    ...(role === superRole ? { lastOwner: true } : {}),
  }
}

const operation = 'changeEntitlements'

/** One writing call: a group's own route for one group, else a PATCH of the user with what differs. */
async function changeEntitlements(
  client: SisenseClient,
  names: NameBook,
  id: string,
  change: EntitlementChange,
): Promise<Receipt> {
  if ([...change.assign, ...change.revoke].some(({ scope, until }) => scope ?? until)) {
    throw failure('unsupported', operation, 'Sisense grants for the whole instance, and without an end')
  }
  const { assign, revoke } = change
  const [only, another] = [...assign, ...revoke]
  if (!only) return {}
  if (another || only.kind === 'role') return rewrite(client, names, id, change)

  const move = assign.length > 0 ? client.join : client.leave
  if (!move) return rewrite(client, names, id, change)
  return move(id, only.id).catch((error: unknown) => {
    // The route, the group or the user is not there: writing the whole set tells which, or does it.
    if (isMissingRoute(error)) return rewrite(client, names, id, change)
    throw error
  })
}

async function rewrite(
  client: SisenseClient,
  names: NameBook,
  id: string,
  { assign, revoke }: EntitlementChange,
): Promise<Receipt> {
  const role = assign.findLast(({ kind }) => kind === 'role')?.id
  const joins = assign.filter(({ kind }) => kind === 'group').map((ref) => ref.id)
  const leaves = new Set(revoke.filter(({ kind }) => kind === 'group').map((ref) => ref.id))
  const losesRole = revoke.find(({ kind }) => kind === 'role')?.id
  const newRole = role === undefined ? undefined : await names.roleId(operation, role)

  // A role alone replaces the one there is, whatever it is.
  const isRoleAlone =
    joins.length === 0 && leaves.size === 0 && (newRole !== undefined || losesRole === undefined)
  if (isRoleAlone) return newRole === undefined ? {} : client.change(operation, id, { roleId: newRole })
  const user = await client.user(operation, id)
  const roleId = newRole ?? (await loweredRole(names, user, losesRole))
  const groups = groupsAfter(groupIdsOf(user), joins, leaves)
  const body: UserChange = {
    ...(roleId === undefined ? {} : { roleId }),
    ...(groups === undefined ? {} : { groups }),
  }
  return Object.keys(body).length === 0 ? {} : client.change(operation, id, body)
}

/** Viewer in place of the role that is taken away, if the user still has that one. */
async function loweredRole(
  names: NameBook,
  user: User,
  losing: string | undefined,
): Promise<string | undefined> {
  const roleId = roleIdOf(user)
  if (losing === undefined || !roleId || (await names.known(operation)).roles.nameOf(roleId) !== losing) {
    return undefined
  }
  return names.roleId(operation, viewer)
}

/** The whole set, groups that nobody asked about included, each once; undefined when nothing differs. */
function groupsAfter(
  before: readonly string[],
  joins: readonly string[],
  leaves: ReadonlySet<string>,
): readonly string[] | undefined {
  const held = new Set(before)
  const after = [...new Set([...held, ...joins])].filter((id) => !leaves.has(id))
  const isSame = after.length === held.size && after.every((id) => held.has(id))
  return isSame ? undefined : after
}

type Groups = Required<Pick<Target, 'findGroups' | 'createGroup' | 'renameGroup' | 'removeGroup'>>

/** Groups of the instance's own; those of the system are neither found nor touched. */
function groupsOf(
  { groups }: Pick<SisenseClient, 'groups'>,
  { groupsCalled, createGroup, renameGroup, removeGroup }: GroupKeeping,
): Groups {
  /** Whether the filter minds letter case is not known, so an empty answer is looked at once more without it. */
  async function find(operation: string, name: string): Promise<readonly VendorGroup[]> {
    const isMeant = (group: Group) => !isSystem(group) && folded(group.name) === folded(name)
    const found = (await groupsCalled(operation, name)).filter(isMeant)
    return (found.length > 0 ? found : (await groups(operation)).filter(isMeant)).map(toGroup)
  }

  return {
    findGroups: (name) => find('findGroups', name),

    async createGroup(name) {
      const group = await createGroup(name).catch(ignoring('conflict'))
      if (group) return { outcome: 'created', group: toGroup(group) }
      const [only, another] = await find('createGroup', name)
      return { outcome: 'exists', group: another ? undefined : only }
    },

    async renameGroup(id, name) {
      return { ...(await renameGroup(id, name)), group: { id, name } }
    },

    async removeGroup(id) {
      const receipt = await removeGroup(id).catch((error: unknown) => {
        if (isMissingRoute(error)) return undefined
        throw error
      })
      if (receipt) return receipt
      // A 404 may be the route's: only the list tells that the group is gone.
      const left = (await groups('removeGroup')).some(({ _id }) => _id === id)
      if (left) throw failure('unsupported', 'removeGroup', 'this version cannot remove groups')
      return {}
    },
  }
}

function isSystem(group: Group): boolean {
  return isEveryone(group) || group.admins === true
}

function toGroup({ _id: id, name, created }: Group): VendorGroup {
  return { id, name, ...(created ? { createdAt: created } : {}) }
}

const folded = (name: string): string => name.trim().toLowerCase()

interface OwnRole {
  /**
   * Rejects with `missing-scope` when the credentials are known to be no administrator's: such a user is shown a part
   * of the list, so nobody missing from it is missing.
   */
  demand(operation: string): Promise<void>
  /** For `.catch` of a write on one user: a 403 is about the credentials if they have lost their role. */
  suspect(error: unknown): Promise<never>
}

const freshMs = 5 * 60_000

function createOwnRole(client: SisenseClient, names: NameBook, now: () => number): OwnRole {
  let seenAt = Number.NEGATIVE_INFINITY

  /** The role of the credentials' user when it is known, and not an administrator's. */
  async function lacking(operation: string): Promise<string | undefined> {
    const self = await client.whoami(operation)
    if (!self) return undefined
    const known = self.roleId && (await names.withRole(operation, self.roleId)).roles.nameOf(self.roleId)
    const called = [self.baseRoleName, self.roleName, known].filter((each) => typeof each === 'string')
    return called.length === 0 || called.some(isAdministrator) ? undefined : called.at(-1)
  }

  async function demand(operation: string, maxAgeMs = freshMs): Promise<void> {
    if (now() - seenAt < maxAgeMs) return
    const role = await lacking(operation)
    if (role === undefined) {
      seenAt = now()
      return
    }
    const detail = `the credentials belong to a ${role}, who sees only some of the users (needs ${needs})`
    throw failure('missing-scope', operation, detail, { certainlyNotDone: true })
  }

  return {
    demand: (operation) => demand(operation),
    async suspect(error) {
      if (error instanceof VendorError && error.failure === 'forbidden' && error.status === 403) {
        await demand(error.operation, 0)
      }
      throw error
    },
  }
}

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
  return toAccount(user, await names.withRole(operation, roleIdOf(user) ?? ''), now())
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
