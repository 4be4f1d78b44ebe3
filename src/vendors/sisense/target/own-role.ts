import { VendorError } from '../../../model/errors.ts'
import type { SisenseClient } from '../client/client.ts'
import { failure } from '../errors.ts'
import { needs } from '../requests.ts'
import type { NameBook } from './names.ts'
import { isAdministrator } from './roles.ts'

export interface OwnRole {
  /**
   * Rejects with `missing-scope` when the credentials are known to be no administrator's: such a user is shown a part
   * of the list, so nobody missing from it is missing.
   */
  demand(operation: string): Promise<void>
  /** For `.catch` of a write on one user: a 403 is about the credentials if they have lost their role. */
  suspect(error: unknown): Promise<never>
}

const freshMs = 5 * 60_000

export function createOwnRole(client: SisenseClient, names: NameBook, now: () => number): OwnRole {
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
