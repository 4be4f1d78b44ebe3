import { ignoring } from '../../../errors.ts'
import type { Account } from '../../contract.ts'
import type { FalconClient, FalconUser } from '../client/client.ts'
import { isPrivileged } from '../privileged-roles.ts'
import type { Home } from './home.ts'
import { toSummary, usersOf } from './users.ts'

export interface Accounts {
  get(id: string): Promise<Account | undefined>
  /** `afresh` trusts nothing that was read before. */
  find(operation: string, login: string, afresh: boolean): Promise<readonly Account[]>
}

/** Users with their roles: one more call each. */
export function createAccounts(client: FalconClient, home: Home): Accounts {
  async function complete(operation: string, user: FalconUser): Promise<Account | undefined> {
    const cid = await home.cid(operation)
    const entitlements = await client.grants(operation, user.id, cid).catch(ignoring('not-found'))
    if (!entitlements) return undefined
    return { ...toSummary(user), entitlements, privileged: entitlements.some(({ id }) => isPrivileged(id)) }
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
    async get(id) {
      const [user] = await usersOf(client, 'get', [id])
      return user && complete('get', user)
    },
  }
}

function isCalled(user: FalconUser, login: string): boolean {
  return user.login.toLowerCase() === login.toLowerCase()
}
