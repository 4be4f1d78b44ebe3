import { randomInt } from 'node:crypto'
import {
  type Account,
  type AccountDraft,
  type Entitlement,
  type EntitlementChange,
  entitlementKey,
  type ProfileChange,
  type Scope,
} from '../../model/account.ts'
import type { AccountSettings, Capabilities } from '../../model/capabilities.ts'
import { ignoring } from '../../model/errors.ts'
import type { Creation, Receipt, TargetOf } from '../contract.ts'
import type { SentineloneCapabilities } from './capabilities.ts'
import { type Client, type ConsoleRole, fold, type Reach, type RoleSet } from './client.ts'
import { failure } from './errors.ts'
import { findByEmail, isCalled, isPrivileged, named, type Session, toAccount } from './session.ts'
import type { HeldRole } from './wire.ts'

const kinds = ['ABCDEFGHJKLMNPQRSTUVWXYZ', 'abcdefghijkmnopqrstuvwxyz', '23456789', '!#%*+-=?@_'] as const
const length = 32

/** Nobody ever learns it: people sign in by single sign-on or have it reset. One of each kind, as consoles demand. */
function randomPassword(): string {
  const all = kinds.join('')
  const one = (from: string) => from.charAt(randomInt(from.length))
  const characters = [...kinds.map(one), ...Array.from({ length: length - kinds.length }, () => one(all))]
  for (let at = characters.length - 1; at > 0; at -= 1) {
    const other = randomInt(at + 1)
    const held = characters[at] ?? ''
    characters[at] = characters[other] ?? ''
    characters[other] = held
  }
  return characters.join('')
}

/** The roles after a change; what the change does not name stays as it is. */
function changed(before: readonly HeldRole[], { assign, revoke }: EntitlementChange): readonly HeldRole[] {
  const gone = new Set(revoke.map(entitlementKey))
  const slots = new Set(assign.map(({ scope }) => slotOf(scope)))
  const kept = before.filter((role) => !gone.has(keyOf(role)) && !slots.has(slotOf(role.scope)))
  return [...kept, ...assign.map(({ id, scope }) => ({ id, scope }))]
}

function isSame(one: readonly HeldRole[], other: readonly HeldRole[]): boolean {
  const text = (roles: readonly HeldRole[]) => JSON.stringify(roles.map(keyOf).sort())
  return text(one) === text(other)
}

/**
 * The roles as one write can carry them: of one scope level, and never none, because the console makes a Viewer of
 * whoever is left without a role. `fallback` is the role without permissions, where the connection names one.
 */
async function writable(
  operation: string,
  roles: readonly HeldRole[],
  home: readonly Scope[],
  fallback: () => Promise<ConsoleRole | undefined>,
): Promise<RoleSet> {
  const [first, ...rest] = roles.length > 0 ? roles : await quarantined(operation, home, fallback)
  const level = first?.scope?.level
  if (first === undefined || level === undefined || !['tenant', 'account', 'site'].includes(level)) {
    throw failure('unsupported', operation, 'roles are given in a tenant, an account or a site')
  }
  const other = rest.find(({ scope }) => scope?.level !== level)
  if (other) {
    const levels = `${level} and ${other.scope?.level ?? 'another'}`
    const detail = `SentinelOne keeps a user at one scope level, and these roles are of levels ${levels}; take the roles of one level away first`
    throw failure('invalid', operation, detail)
  }
  return { level, roles: [first, ...rest] }
}

async function quarantined(
  operation: string,
  home: readonly Scope[],
  fallback: () => Promise<ConsoleRole | undefined>,
): Promise<readonly HeldRole[]> {
  const role = await fallback()
  if (role) return home.map((scope) => ({ id: role.id, scope }))
  const detail =
    'SentinelOne makes a Viewer of a user without a role; grant one by a rule or default, or name a role without permissions as quarantineRole'
  throw failure('unsupported', operation, detail)
}

function keyOf({ id, scope }: HeldRole): string {
  return entitlementKey({ kind: 'role', id, ...(scope ? { scope } : {}) })
}

function slotOf(scope: Scope | undefined): string {
  return scope ? `${scope.level}:${scope.id}` : ''
}

/** Predefined roles count everywhere, custom ones where they were made and below. */
function isOffered({ definedAt }: ConsoleRole, scope: Scope, accountId: string): boolean {
  if (definedAt === undefined || definedAt.level === 'tenant') return true
  if (definedAt.level === 'account') return scope.level !== 'tenant' && definedAt.id === accountId
  return scope.level === definedAt.level && scope.id === definedAt.id
}

/** What SentinelOne's user management means in the contract's words. */
export function createTarget(
  client: Client,
  capabilities: Capabilities,
  session: Session,
): TargetOf<SentineloneCapabilities> {
  const { how, reached, reachAnew } = session
  const target = {
    capabilities,
    probe: () => client.probe(),
    test: () => tryOut(session),
    tenant: async () => (await reachAnew('tenant')).account.id,
    self: async () => (await reached('self')).self,
    find: async (attribute, value) => (attribute === 'email' ? findByEmail(session, 'find', value) : []),
    create: (draft) => create(session, draft),
    update: (id, change, settings) => update(session, id, change, settings),
    remove: (id, known) => remove(session, id, known),
    catalogue: () => catalogueOf(session),
    changeEntitlements: (id, change, known) => changeRoles(session, id, change, known),

    async get(id) {
      const user = await client.user('get', await reached('get'), id)
      return user && toAccount(await named(session, 'get', user), how)
    },

    async *list() {
      for await (const users of client.users('list', await reached('list'))) {
        for (const user of users) yield toAccount(user, how)
      }
    },

    async endSessions(id) {
      await client.revokeToken(id).catch(ignoring('not-found'))
      return {}
    },
  } satisfies Omit<TargetOf<SentineloneCapabilities>, 'setActive'>

  const { setActive } = client
  // Only the profile with an off switch in its table has the method.
  if (!setActive) return target as unknown as TargetOf<SentineloneCapabilities>
  return {
    ...target,
    async setActive(id, active) {
      await setActive(id, active)
      return {}
    },
  }
}

/** Reads what a run reads. A Viewer's token passes all of that and could then write nothing. */
async function tryOut({ client, reachAnew }: Session): Promise<void> {
  const reach = await reachAnew('test')
  const isViewer = (role: string) => isCalled({ id: role }, 'Viewer')
  if (reach.selfRoles.length > 0 && reach.selfRoles.every(isViewer)) {
    const detail = 'the token belongs to a Viewer, who may read and not change users (needs the role Admin)'
    throw failure('missing-scope', 'test', detail)
  }
  await client.roles('test', reach)
  await client.users('test', reach).next()
}

/** Every role in every scope that it can be given in; the scopes of home first. */
async function catalogueOf({ client, how, reached }: Session): Promise<readonly Entitlement[]> {
  const reach = await reached('catalogue')
  const roles = await client.roles('catalogue', reach)
  const scopes = await client.scopes('catalogue', reach)
  return scopes.flatMap(({ scope, name: scopeName }) => {
    const isHome = reach.home.some(({ level, id }) => scope.level === level && scope.id === id)
    return roles
      .filter((role) => !isCalled(role, how.quarantineRole) && isOffered(role, scope, reach.account.id))
      .map(({ id, name }): Entitlement => ({
        kind: 'role',
        id,
        name,
        scope,
        ...(scopeName === undefined ? {} : { scopeName }),
        ...(isHome ? { home: true } : {}),
        privileged: isPrivileged(name),
      }))
  })
}

/** The creation is tried, not asked about first: the refusal of a duplicate is the one sure answer. */
async function create(
  session: Session,
  { login, profile, entitlements, settings }: AccountDraft,
): Promise<Creation> {
  const { client, how } = session
  const reach = await session.reached('create')
  const roles = changed([], { assign: entitlements, revoke: [] })
  const email = fold(login)
  const draft = {
    login: email,
    fullName: profile.displayName?.trim() || email,
    ...(settings ? { settings } : {}),
    ...(how.onboarding ? {} : { password: randomPassword() }),
  }
  const user = await withRoles(session, { operation: 'create', reach, roles }, (set) =>
    client.create(reach, { ...draft, ...set }).catch(ignoring('conflict')),
  )
  if (user) {
    const account = toAccount(user, how)
    return { outcome: account.state === 'invited' ? 'invited' : 'created', account }
  }
  // Without an account the address belongs to another account of this tenant.
  const [account] = await findByEmail(session, 'create', email)
  return { outcome: 'exists', account }
}

async function update(
  { client, reached }: Session,
  id: string,
  { email, displayName }: ProfileChange,
  settings: AccountSettings = {},
): Promise<Receipt> {
  if (email !== undefined) {
    throw failure('unsupported', 'update', 'the e-mail address of a SentinelOne user is fixed')
  }
  // A user always has a full name.
  const fullName = displayName?.trim() || undefined
  if (fullName === undefined && Object.keys(settings).length === 0) return {}
  await client.change(await reached('update'), id, { fullName, settings })
  return {}
}

/** Who made the user decides whether it may go: as the caller has just read it, or else as the console says now. */
async function remove({ client, reached }: Session, id: string, known?: Account): Promise<Receipt> {
  const isTold = known?.id === id && known.facts.source !== undefined
  const user = isTold ? known : await client.user('remove', await reached('remove'), id)
  if (user?.facts.source === 'scim') {
    const detail =
      "the user is managed by SentinelOne's native SCIM; remove it at the identity provider, or the two get out of step"
    throw failure('forbidden', 'remove', detail)
  }
  if (user) await client.remove(id).catch(ignoring('not-found'))
  return {}
}

/** Writes the whole set once if anything differs from what the user holds: as just read, or else as the console says now. */
async function changeRoles(
  session: Session,
  id: string,
  change: EntitlementChange,
  known?: Account,
): Promise<Receipt> {
  const operation = 'changeEntitlements'
  const { assign, revoke, settings } = change
  if (assign.length + revoke.length === 0 && !settings) return {}
  const { client } = session
  const reach = await session.reached(operation)
  const before = known?.id === id ? rolesOf(known) : await rolesNow(session, reach, id)
  const after = changed(before, change)
  if (isSame(before, after) && !settings) return {}
  await withRoles(session, { operation, reach, roles: after }, (set) =>
    client.setRoles(reach, id, set, settings),
  )
  return {}
}

interface Roles {
  readonly operation: string
  readonly reach: Reach
  readonly roles: readonly HeldRole[]
}

/** Writes the roles, or the one that counts as none where there are none. */
async function withRoles<T>(
  session: Session,
  { operation, reach, roles }: Roles,
  write: (set: RoleSet) => Promise<T>,
): Promise<T> {
  const quarantine = () => session.quarantine(operation, reach)
  const act = async () => write(await writable(operation, roles, reach.home, quarantine))
  return roles.length === 0 ? session.quarantining(act) : act()
}

/** The role that counts as none gives way to any other. */
async function rolesNow({ client, how }: Session, reach: Reach, id: string): Promise<readonly HeldRole[]> {
  const operation = 'changeEntitlements'
  const user = await client.user(operation, reach, id)
  if (!user) throw failure('not-found', operation, 'there is no such user any more')
  return user.roles.filter((role) => !isCalled(role, how.quarantineRole))
}

/** An account shows no role that counts as none, and no scope of a role that cannot be taken away here. */
function rolesOf({ entitlements }: Account): readonly HeldRole[] {
  return entitlements.map(({ id, scope }) => ({ id, scope }))
}
