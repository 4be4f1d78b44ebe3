import { ignoring } from '../../../errors.ts'
import type { AccountDraft, Capabilities, Creation, TargetOf } from '../../contract.ts'
import type { FalconCapabilities } from '../capabilities.ts'
import type { FalconClient } from '../client/client.ts'
import { failure } from '../errors.ts'
import { isPrivileged } from '../privileged-roles.ts'
import { createAccounts } from './accounts.ts'
import { createHome } from './home.ts'
import { namesOf } from './names.ts'
import { changeRoles } from './role-changes.ts'
import { updateUser } from './update.ts'
import { inBatches, toSummary, usersOf } from './users.ts'

/** What Falcon's user management means in the contract's words. `cid` is the one that the settings name. */
export function createTarget(
  client: FalconClient,
  capabilities: Capabilities,
  cid: string | undefined,
): TargetOf<FalconCapabilities> {
  const home = createHome(client, cid)
  const accounts = createAccounts(client, home)

  async function create({ login, profile }: AccountDraft): Promise<Creation> {
    const draft = { login: login.toLowerCase(), ...namesOf(profile), cid }
    const creation = await client.create(draft).catch(ignoring('conflict'))
    if (!creation) {
      // Without an account the address belongs to another CID, or is blocked.
      const [account] = await accounts.find('create', login, true)
      return { outcome: 'exists', account }
    }
    const { user, requestId } = creation
    return { outcome: 'created', account: { ...toSummary(user), entitlements: [] }, requestId }
  }

  return {
    capabilities,
    create,
    get: accounts.get,
    tenant: () => home.verified('tenant'),
    // An API client is no user.
    self: async () => undefined,

    async test() {
      await client.someUser('test', undefined)
      await client.roles('test', await home.cid('test'))
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

    async catalogue() {
      const id = await home.cid('catalogue')
      const roles = await client.roles('catalogue', id)
      const scope = { level: 'cid', id } as const
      return roles.map((role) => ({ kind: 'role', ...role, scope, privileged: isPrivileged(role.id) }))
    },

    async changeEntitlements(id, change) {
      return changeRoles(client, capabilities, await home.cid('changeEntitlements'), id, change)
    },
  }
}
