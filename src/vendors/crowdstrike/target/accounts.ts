import { ignoring } from '../../../model/errors.ts'
import { type Account, type AccountSummary, entitlementKey, type HeldEntitlement } from '../../contract.ts'
import type { FalconClient, FalconUser } from '../client/client.ts'
import { isPrivileged } from '../privileged-roles.ts'
import type { Home } from './home.ts'
import { toSummary, usersOf } from './users.ts'

export interface Accounts {
  /** With `known` only the roles are read. */
  get(id: string, known: Account | undefined): Promise<Account | undefined>
  /** `afresh` trusts nothing that was read before. */
  find(operation: string, login: string, afresh: boolean): Promise<readonly Account[]>
}

/** Users with their roles: one more call for each CID. */
export function createAccounts(client: FalconClient, home: Home): Accounts {
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
    const users = (await usersOf(client, operation, ids)).filter((user) => isCalled(user, login))
    // What was read before has been renamed or removed since.
    if (users.length === 0 && ids.length > 0 && !afresh) return find(operation, login, true)
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
