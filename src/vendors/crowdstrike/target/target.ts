import { ignoring } from '../../../model/errors.ts'
import type { AccountDraft, Capabilities, Creation, Entitlement, TargetOf } from '../../contract.ts'
import type { FalconCapabilities } from '../capabilities.ts'
import type { FalconClient } from '../client/client.ts'
import { failure } from '../errors.ts'
import { isPrivileged } from '../privileged-roles.ts'
import { createAccounts } from './accounts.ts'
import { createCustomRoles, type CustomRoles } from './custom-roles.ts'
import { createHome, type Home } from './home.ts'
import { namesOf } from './names.ts'
import { changeRoles } from './role-changes.ts'
import { updateUser } from './update.ts'
import { inBatches, toSummary, usersOf } from './users.ts'

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
