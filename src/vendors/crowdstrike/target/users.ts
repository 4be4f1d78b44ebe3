import { VendorError } from '../../../model/errors.ts'
import type { AccountSummary } from '../../contract.ts'
import type { FalconClient, FalconUser } from '../client/client.ts'

/**
 * Reads users; those that are gone are left out. Falcon may refuse a whole batch for one id that is gone: then the
 * batch is halved until only that one is missing.
 */
export async function usersOf(
  client: FalconClient,
  operation: string,
  ids: readonly string[],
): Promise<readonly FalconUser[]> {
  if (ids.length === 0) return []
  if (ids.length > client.idsPerRead) return halves(client, operation, ids)
  try {
    return await client.users(operation, ids)
  } catch (error) {
    if (!(error instanceof VendorError) || error.failure !== 'not-found') throw error
    return ids.length === 1 ? [] : halves(client, operation, ids)
  }
}

async function halves(client: FalconClient, operation: string, ids: readonly string[]) {
  const middle = Math.ceil(ids.length / 2)
  const first = await usersOf(client, operation, ids.slice(0, middle))
  return [...first, ...(await usersOf(client, operation, ids.slice(middle)))]
}

/** Gathers pages of ids into batches of one size; the last may be smaller. */
export async function* inBatches(pages: AsyncIterable<readonly string[]>, size: number) {
  let rest: readonly string[] = []
  for await (const page of pages) {
    rest = [...rest, ...page]
    for (; rest.length >= size; rest = rest.slice(size)) yield rest.slice(0, size)
  }
  if (rest.length > 0) yield rest
}

/** A user is active as long as there is one: Falcon's `status` is read-only and undefined in public. */
export function toSummary({ id, login, givenName, familyName, createdAt, facts }: FalconUser) {
  return {
    id,
    login,
    profile: { email: login, ...(givenName && { givenName }), ...(familyName && { familyName }) },
    state: 'active',
    ...(createdAt && { createdAt }),
    // Only the roles tell, and a listing has none.
    privileged: false,
    facts,
  } as const satisfies AccountSummary
}
