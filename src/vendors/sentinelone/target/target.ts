import { ignoring } from '../../../errors.ts'
import type {
  Account,
  AccountDraft,
  Capabilities,
  Creation,
  Entitlement,
  EntitlementChange,
  TargetOf,
} from '../../contract.ts'
import type { SentineloneCapabilities } from '../capabilities.ts'
import { fold } from '../client/calls.ts'
import type { Client, ConsoleRole, Reach } from '../client/client.ts'
import { failure } from '../errors.ts'
import type { SentineloneSettings } from '../settings.ts'
import { isCalled, isPrivileged, type Presentation, toAccount, tokenPermissionEntry } from './accounts.ts'
import { randomPassword } from './password.ts'
import { changed, type Holding, isOffered, isSame, writable } from './roles.ts'

/** What SentinelOne's user management means in the contract's words. */
export function createTarget(
  client: Client,
  capabilities: Capabilities,
  settings: SentineloneSettings,
): TargetOf<SentineloneCapabilities> {
  const { quarantineRole, onboarding = true } = settings
  const { keepsTokenPermission, setActive } = client
  const how: Presentation = { quarantineRole, keepsTokenPermission, onboarding }
  const { reached, reachAnew } = keptReach(client, settings)

  async function find(operation: string, email: string): Promise<readonly Account[]> {
    const wanted = fold(email)
    if (wanted === '') return []
    const users = await client.search(operation, await reached(operation), wanted)
    return users.filter(({ login }) => fold(login) === wanted).map((user) => toAccount(user, how))
  }

  async function create({ login, profile, entitlements }: AccountDraft): Promise<Creation> {
    const reach = await reached('create')
    const nothing: Holding = { roles: [], canGenerateApiToken: false }
    const holding = changed(nothing, { assign: entitlements, revoke: [] })
    const set = await writable('create', holding, reach.home, () => quarantine(client, 'create', reach, how))
    const email = fold(login)
    const user = await client
      .create(reach, {
        login: email,
        fullName: profile.displayName?.trim() || email,
        ...set,
        ...(holding.canGenerateApiToken ? { canGenerateApiToken: true } : {}),
        ...(onboarding ? {} : { password: randomPassword() }),
      })
      .catch(ignoring('conflict'))
    if (user) {
      const account = toAccount(user, how)
      return { outcome: account.state === 'invited' ? 'invited' : 'created', account }
    }
    // Without an account the address belongs to another account of this tenant
    const [account] = await find('create', email)
    return { outcome: 'exists', account }
  }

  return {
    capabilities,
    probe: () => client.probe(),
    create,
    find: (attribute, value) => (attribute === 'email' ? find('find', value) : Promise.resolve([])),
    tenant: async () => (await reachAnew('tenant')).account.id,
    self: async () => (await reached('self')).self,

    async test() {
      const reach = await reachAnew('test')
      if (reach.selfRoles.length > 0 && reach.selfRoles.every((role) => isCalled({ id: role }, 'Viewer'))) {
        const detail =
          'the token belongs to a Viewer, who may read and not change users (needs the role Admin)'
        throw failure('missing-scope', 'test', detail)
      }
      await client.roles('test', reach)
      await client.users('test', reach).next()
    },

    async get(id) {
      const user = await client.user('get', await reached('get'), id)
      return user && toAccount(user, how)
    },

    async *list() {
      for await (const users of client.users('list', await reached('list'))) {
        for (const user of users) yield toAccount(user, how)
      }
    },

    async update(id, { email, displayName }) {
      if (email !== undefined) {
        throw failure('unsupported', 'update', 'the e-mail address of a SentinelOne user is fixed')
      }
      // A user always has a full name.
      if (displayName?.trim()) await client.rename(await reached('update'), id, displayName.trim())
      return {}
    },

    async remove(id) {
      const reach = await reached('remove')
      const user = await client.user('remove', reach, id)
      if (user?.facts.source === 'scim') {
        const detail =
          "the user is managed by SentinelOne's native SCIM; remove it at the identity provider, or the two get out of step"
        throw failure('forbidden', 'remove', detail)
      }
      if (user) await client.remove(id).catch(ignoring('not-found'))
      return {}
    },

    catalogue: async () => catalogueOf(client, await reached('catalogue'), how),

    async changeEntitlements(id, change) {
      await changeRoles(client, await reached('changeEntitlements'), how, id, change)
      return {}
    },

    async endSessions(id) {
      await client.revokeToken(id).catch(ignoring('not-found'))
      return {}
    },

    ...(setActive && {
      async setActive(id: string, active: boolean) {
        await setActive(id, active)
        return {}
      },
    }),
  } as TargetOf<SentineloneCapabilities>
}

/** Where the token leads, read once and whenever the tenant is asked for anew. */
function keptReach(client: Client, settings: SentineloneSettings) {
  let known: Promise<Reach> | undefined

  function reachAnew(operation: string): Promise<Reach> {
    const asked = client.reach(operation, settings)
    known = asked
    asked.catch(() => {
      if (known === asked) known = undefined
    })
    return asked
  }
  return { reachAnew, reached: (operation: string) => known ?? reachAnew(operation) }
}

async function changeRoles(
  client: Client,
  reach: Reach,
  how: Presentation,
  id: string,
  change: EntitlementChange,
): Promise<void> {
  const operation = 'changeEntitlements'
  if (change.assign.length + change.revoke.length === 0) return
  const user = await client.user(operation, reach, id)
  if (!user) throw failure('not-found', operation, 'there is no such user any more')
  // The role that counts as none gives way to any other.
  const roles = user.roles.filter((role) => !isCalled(role, how.quarantineRole))
  const before: Holding = { roles, canGenerateApiToken: user.canGenerateApiToken }
  const after = changed(before, change)
  if (isSame(before, after)) return
  const set = await writable(operation, after, reach.home, () => quarantine(client, operation, reach, how))
  const isPermissionMoved = before.canGenerateApiToken !== after.canGenerateApiToken
  await client.setRoles(reach, id, set, isPermissionMoved ? after.canGenerateApiToken : undefined)
}

async function quarantine(
  client: Client,
  operation: string,
  reach: Reach,
  { quarantineRole }: Presentation,
): Promise<ConsoleRole | undefined> {
  if (quarantineRole === undefined) return undefined
  const roles = await client.roles(operation, reach)
  const found = roles.find((role) => isCalled(role, quarantineRole))
  if (found) return found
  throw failure('invalid', operation, `the console has no role "${quarantineRole}", the quarantineRole`)
}

/** Every role in every scope that it can be given in; the scopes of home first. */
async function catalogueOf(client: Client, reach: Reach, how: Presentation): Promise<readonly Entitlement[]> {
  const roles = await client.roles('catalogue', reach)
  const scopes = await client.scopes('catalogue', reach)
  const isHome = (level: string, id: string) =>
    reach.home.some((each) => each.level === level && each.id === id)
  const entries = scopes.flatMap(({ scope, name: scopeName }) =>
    roles
      .filter((role) => !isCalled(role, how.quarantineRole) && isOffered(role, scope, reach.account.id))
      .map(({ id, name }): Entitlement => ({
        kind: 'role',
        id,
        name,
        scope,
        ...(scopeName === undefined ? {} : { scopeName }),
        ...(isHome(scope.level, scope.id) ? { home: true } : {}),
        privileged: isPrivileged(name),
      })),
  )
  return how.keepsTokenPermission ? [...entries, tokenPermissionEntry] : entries
}
