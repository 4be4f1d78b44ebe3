import type { ApiProfile } from '../../model/account.ts'
import { VendorError } from '../../model/errors.ts'
import type { DoctorFinding, Route } from '../contract.ts'
import type { Requester } from '../kit/http.ts'
import type { FalconClient } from './client.ts'
import { regionHosts } from './settings.ts'

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

const token: Route = { method: 'POST', path: '/oauth2/token', purpose: 'getting a token' }

const current: readonly Route[] = [
  token,
  { method: 'GET', path: '/user-management/queries/users/v1', purpose: 'finding and listing users' },
  { method: 'POST', path: '/user-management/entities/users/GET/v1', purpose: 'reading users; every proof' },
  { method: 'GET', path: '/user-management/combined/user-roles/v2', purpose: 'reading the roles of a user' },
  { method: 'GET', path: '/user-management/queries/roles/v1', purpose: 'the catalogue of roles' },
  { method: 'POST', path: '/user-management/entities/roles/GET/v2', purpose: 'the names of roles' },
  { method: 'POST', path: '/user-management/entities/users/v1', purpose: 'making a user', writes: true },
  { method: 'PATCH', path: '/user-management/entities/users/v1', purpose: 'changing names', writes: true },
  { method: 'DELETE', path: '/user-management/entities/users/v1', purpose: 'removing a user', writes: true },
  {
    method: 'POST',
    path: '/user-management/entities/user-role-actions/v1',
    purpose: 'granting and revoking roles',
    writes: true,
  },
]

const users = '/users/entities/users/v1'
const roles = '/user-roles/entities/user-roles/v1'
const held = '/user-roles/queries/user-role-ids-by-user-uuid/v1'

const shared: readonly Route[] = [
  token,
  { method: 'GET', path: users, purpose: 'reading users; every proof' },
  { method: 'GET', path: held, purpose: 'reading the roles of a user' },
  { method: 'GET', path: roles, purpose: 'the names of roles' },
  { method: 'POST', path: users, purpose: 'making a user', writes: true },
  { method: 'PATCH', path: users, purpose: 'changing names', writes: true },
  { method: 'DELETE', path: users, purpose: 'removing a user', writes: true },
  { method: 'POST', path: roles, purpose: 'granting roles', writes: true },
  { method: 'DELETE', path: roles, purpose: 'revoking roles', writes: true },
]

const byProfile: { readonly [P in ApiProfile]: readonly Route[] } = {
  current,
  guide: [
    ...shared,
    { method: 'GET', path: '/users/queries/user-uids/v1', purpose: 'finding and listing users' },
    { method: 'GET', path: '/user-roles/queries/roles/v1', purpose: 'the catalogue of roles' },
  ],
  legacy: [
    ...shared,
    { method: 'GET', path: '/users/queries/user-uuids-by-cid/v1', purpose: 'listing users' },
    // Its 404 says that nobody has the address.
    {
      method: 'GET',
      path: '/users/queries/user-uuids-by-email/v1',
      purpose: 'finding users',
      optional: true,
    },
    { method: 'GET', path: '/user-roles/queries/user-role-ids-by-cid/v1', purpose: 'the catalogue of roles' },
  ],
}

export function routes(profile: ApiProfile): readonly Route[] {
  return byProfile[profile]
}
