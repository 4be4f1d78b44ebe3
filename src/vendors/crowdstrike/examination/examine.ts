import { VendorError } from '../../../model/errors.ts'
import type { ApiProfile, DoctorFinding } from '../../contract.ts'
import type { Requester } from '../../kit/http.ts'
import { regionHosts } from '../auth/regions.ts'
import type { FalconClient } from '../client/client.ts'

export interface Examined {
  readonly client: FalconClient
  readonly send: Requester
  readonly profile: ApiProfile
  /** Of the API that issued the token. Asked after a call. */
  readonly origin: () => string
}

/** What only Falcon has: the cloud that answers, and the two scopes of the API client. */
export async function* examine({ client, send, profile, origin }: Examined): AsyncGenerator<DoctorFinding> {
  const read = await outcomeOf(client.someUser('examine', undefined))
  yield read?.failure === 'unauthenticated' ? doubtfulRegion(read, origin()) : region(origin())
  yield scope('User management: Read', read)
  yield scope('User management: Write', await outcomeOf(send(emptyCreation(profile))))
}

function region(origin: string): DoctorFinding {
  const { host } = new URL(origin)
  const name = Object.entries(regionHosts).find(([, each]) => each === host)?.[0]
  return { check: 'region', state: 'ok', detail: name ? `${name}, ${origin}` : origin }
}

/** A cloud that sends the client on is the wrong one; one that refuses it says nothing of where it belongs. */
function doubtfulRegion({ status = 0, detail }: VendorError, origin: string): DoctorFinding {
  const check = 'region'
  if (status >= 300 && status < 400) return { check, state: 'failed', detail }
  return { check, state: 'unknown', detail: `cannot be told: ${origin} refused the credentials (${detail})` }
}

/**
 * Falcon tells nobody which scopes a client has; it looks at them before anything else. So a creation that names no user
 * and cannot take effect is refused differently with the scope and without. `current` also says that it is not meant.
 */
function emptyCreation(profile: ApiProfile) {
  const inCurrent = profile === 'current'
  return {
    operation: 'examine',
    method: 'POST',
    path: inCurrent ? 'user-management/entities/users/v1' : 'users/entities/users/v1',
    query: inCurrent ? { validate_only: true } : {},
    body: {},
    pathClass: 'write',
    needs: 'User management: Write',
  } as const
}

function scope(name: string, refusal: VendorError | undefined): DoctorFinding {
  const check = `scope ${name}`
  if (!refusal || refusal.failure === 'invalid') return { check, state: 'ok', detail: 'granted' }
  if (refusal.failure !== 'missing-scope') return { check, state: 'unknown', detail: refusal.detail }
  const detail = `lacking (${refusal.detail}): scopes belong to the API client, edit it in the Falcon console`
  return { check, state: 'failed', detail }
}

async function outcomeOf(call: Promise<unknown>): Promise<VendorError | undefined> {
  try {
    await call
    return undefined
  } catch (error) {
    if (error instanceof VendorError) return error
    throw error
  }
}
