import type { EntitlementRef } from '../../contract.ts'
import type { FalconClient, FalconRole } from '../client/client.ts'
import { failure } from '../errors.ts'
import type { Home } from './home.ts'
import { usersOf } from './users.ts'

/**
 * A custom role is granted only to users whose own CID owns it; Falcon refuses others with `invalid roleID`
 * (CrowdStrike/terraform-provider-crowdstrike #490). So that is looked at before the call.
 */
export interface CustomRoles {
  /** Roles that were just read, with their owners. */
  learn(roles: readonly FalconRole[]): void
  /** Why a role is granted to no user of the CID in which users are made. */
  refusal(role: FalconRole, cid: string): { readonly refused: string } | undefined
  /** Rejects with `unsupported` where one of the roles is owned by another CID than the user's. */
  check(id: string, assign: readonly EntitlementRef[]): Promise<void>
}

export function createCustomRoles(client: FalconClient, home: Home, isFlightControl: boolean): CustomRoles {
  const owners = new Map<string, string>()
  let isRead = false

  function learn(roles: readonly FalconRole[]): void {
    isRead = true
    for (const { id, owner } of roles) if (owner !== undefined) owners.set(id, owner)
  }

  // Only where there are several CIDs can a user belong to another one than the roles that this process has not read.
  async function readOnce(operation: string): Promise<void> {
    if (isRead || !isFlightControl) return
    for (const cid of await home.cids(operation)) learn(await client.roles(operation, cid))
  }

  return {
    learn,
    refusal: ({ owner }, cid) =>
      owner === undefined || owner === cid
        ? undefined
        : { refused: `it is a custom role of CID ${owner}, which only users of that CID can have` },
    async check(id, assign) {
      const operation = 'changeEntitlements'
      if (assign.length > 0) await readOnce(operation)
      const custom = assign.filter((ref) => owners.has(ref.id))
      if (custom.length === 0) return
      const [user] = await usersOf(client, operation, [id])
      const foreign = custom.find((ref) => user?.cid !== undefined && owners.get(ref.id) !== user.cid)
      if (!foreign) return
      const detail = `${foreign.id} is a custom role of CID ${owners.get(foreign.id)}, and this user belongs to CID ${user?.cid}: nothing was granted`
      throw failure('unsupported', operation, detail)
    },
  }
}
