import { ignoring } from '../../../model/errors.ts'
import type { Capabilities, Entitlement, TargetOf } from '../../contract.ts'
import type { SentineloneCapabilities } from '../capabilities.ts'
import type { Client } from '../client/client.ts'
import { failure } from '../errors.ts'
import { isCalled, isPrivileged, toAccount } from './accounts.ts'
import { isOffered } from './roles.ts'
import { findByEmail, type Session } from './session.ts'
import { changeRoles, create, remove, update } from './writes.ts'

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
      return user && toAccount(user, how)
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
