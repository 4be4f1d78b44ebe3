import type { FalconClient } from '../client/client.ts'
import { failure } from '../errors.ts'

export interface Home {
  /** The CID in which roles are granted; read from any user, once, unless the settings name it. */
  cid(operation: string): Promise<string>
  /** The same, and after it the member CIDs in which roles are granted too. */
  cids(operation: string): Promise<readonly [string, ...string[]]>
  /** The home CID, checked against what the credentials reach now. */
  verified(operation: string): Promise<string>
}

/** No endpoint of user management names the CID of the credentials; every user does. */
export function createHome(
  client: FalconClient,
  configured: string | undefined,
  memberCids: readonly string[],
): Home {
  let known = configured

  async function verified(operation: string): Promise<string> {
    const user = await client.someUser(operation, configured)
    if (user?.cid !== undefined && user.cid === (configured ?? user.cid)) return (known = user.cid)
    if (configured === undefined) {
      throw failure(
        'unexpected',
        operation,
        'no user tells the CID of this tenant; give it as the setting cid',
      )
    }
    const reached = user?.cid ?? (await client.someUser(operation, undefined))?.cid
    // Nobody is there yet, or somebody came between the two reads.
    if (reached === undefined || reached === configured) return configured
    throw failure('unauthenticated', operation, `the credentials reach CID ${reached}, not ${configured}`)
  }

  const cid = async (operation: string): Promise<string> => known ?? verified(operation)
  return {
    verified,
    cid,
    async cids(operation) {
      const first = await cid(operation)
      return [first, ...memberCids.filter((each) => each !== first)]
    },
  }
}
