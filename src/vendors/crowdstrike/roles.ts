import type { EntitlementChange, EntitlementRef } from '../../model/account.ts'
import type { Capabilities } from '../../model/capabilities.ts'
import { VendorError } from '../../model/errors.ts'
import type { Receipt } from '../contract.ts'
import { type FalconClient, type FalconRole, usersOf } from './client.ts'
import { failure } from './errors.ts'

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

type Direction = 'assign' | 'revoke'

interface Wish {
  readonly direction: Direction
  readonly id: string
  readonly cid: string
  readonly until?: string | undefined
}

/**
 * One grant or revoke call for roles of one CID. A call is all or nothing in Falcon, so after a refusal the roles are
 * read and what is left is tried once; nothing left means that somebody else has done it.
 */
export async function changeRoles(
  client: FalconClient,
  can: Capabilities,
  home: string,
  id: string,
  { assign, revoke }: EntitlementChange,
): Promise<Receipt> {
  if (assign.length > 0 && revoke.length > 0)
    throw unsupported('roles are granted and revoked in calls of their own')
  const direction = assign.length > 0 ? 'assign' : 'revoke'
  const refs = [...assign, ...revoke]
  const [first] = refs
  if (first === undefined) return {}
  const wish = { direction, id, ...termsOf(client, can, home, direction, refs, first) } as const
  const roleIds = refs.map((ref) => ref.id)
  try {
    return await call(client, wish, roleIds)
  } catch (error) {
    return retry(client, wish, roleIds, error)
  }
}

/** What one call cannot mix or do is refused before any call. */
function termsOf(
  client: FalconClient,
  can: Capabilities,
  home: string,
  direction: Direction,
  refs: readonly EntitlementRef[],
  { scope, until }: EntitlementRef,
): Pick<Wish, 'cid' | 'until'> {
  const cid = scope?.id ?? home
  const most = can.entitlements.role?.[direction === 'assign' ? 'perAssign' : 'perRevoke'] ?? 0
  if (refs.length > most) throw unsupported(`at most ${most} roles a call`)
  if (refs.some((ref) => ref.kind !== 'role' || (ref.scope && ref.scope.level !== 'cid'))) {
    throw unsupported('only roles in a CID can be granted and revoked')
  }
  if (refs.some((ref) => (ref.scope?.id ?? home) !== cid || ref.until !== until)) {
    throw unsupported('one call grants roles of one CID, with one end')
  }
  if (!client.scopedRoles && (cid !== home || until !== undefined)) {
    throw unsupported('this API profile grants roles in the own CID only, and without an end')
  }
  return { cid, until: direction === 'assign' ? until : undefined }
}

function call(
  client: FalconClient,
  { direction, ...wish }: Wish,
  roleIds: readonly string[],
): Promise<Receipt> {
  return direction === 'assign' ? client.grant({ ...wish, roleIds }) : client.revoke({ ...wish, roleIds })
}

async function retry(
  client: FalconClient,
  wish: Wish,
  roleIds: readonly string[],
  error: unknown,
): Promise<Receipt> {
  if (!(error instanceof VendorError) || !['invalid', 'not-found', 'conflict'].includes(error.failure))
    throw error
  const grants = await client.grants('changeEntitlements', wish.id, wish.cid)
  const held = new Set(grants.filter(({ inherited }) => !inherited).map(({ id }) => id))
  const left = roleIds.filter((id) => held.has(id) === (wish.direction === 'revoke'))
  if (left.length === 0) return { requestId: error.requestId }
  if (left.length < roleIds.length) return call(client, wish, left)
  if (error.failure === 'invalid') throw error
  // The user is there, and Falcon says that the role is already as wanted: the read lags behind.
  const settled = wish.direction === 'revoke' ? 'not-found' : 'conflict'
  if (roleIds.length === 1 && error.failure === settled) return { requestId: error.requestId }
  throw failure('unexpected', 'changeEntitlements', error.detail, { ...error, certainlyNotDone: true })
}

function unsupported(detail: string): VendorError {
  return failure('unsupported', 'changeEntitlements', detail)
}

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
