import type { AccountFacts, HeldEntitlement } from '../../model/account.ts'
import type { Receipt } from '../contract.ts'
import type { Call, Reply, Requester } from '../kit/http.ts'
import type { Paginator } from '../kit/paginate.ts'
import { plainCid } from './auth.ts'
import { failure, requestIdOf } from './errors.ts'
import { Envelope, type RoleEntity, Updated } from './wire.ts'
import { asideNow, readTogether } from '../kit/tolerant.ts'

/** A user as every profile tells it; which field is the id and which the login is settled per profile. */
export interface FalconUser {
  readonly id: string
  /** The e-mail address, as stored. */
  readonly login: string
  readonly givenName?: string | undefined
  readonly familyName?: string | undefined
  readonly cid?: string | undefined
  readonly createdAt?: string | undefined
  readonly facts: AccountFacts
}

export interface FalconUserDraft {
  readonly login: string
  readonly givenName: string
  readonly familyName: string
  /** Where the user is made, when it is not the credentials' own CID. */
  readonly cid?: string | undefined
}

export interface FalconUserChange {
  readonly login?: string | undefined
  readonly givenName?: string | undefined
  readonly familyName?: string | undefined
}

export interface FalconRole {
  readonly id: string
  readonly name: string
  /** CID that owns a custom role. */
  readonly owner?: string
}

interface FalconCreation extends Receipt {
  readonly user: FalconUser
}

export interface RoleChange {
  readonly id: string
  readonly cid: string
  readonly roleIds: readonly string[]
  readonly until?: string | undefined
}

/** Users, whatever the API profile. `operation` names the call in logs and errors. */
export interface FalconUsers {
  /** Most ids that one `users` call takes. */
  readonly idsPerRead: number
  /** The ids of all users, page by page. */
  userIds(operation: string): AsyncGenerator<readonly string[]>
  /** At most `idsPerRead` ids; users that are gone are left out. */
  users(operation: string, ids: readonly string[]): Promise<readonly FalconUser[]>
  /** Ids of users who may have exactly this login. `afresh` trusts nothing that was read before. */
  idsOf(operation: string, login: string, afresh: boolean): Promise<readonly string[]>
  /** Any one user, of the CID if the profile can ask for it. */
  someUser(operation: string, cid: string | undefined): Promise<FalconUser | undefined>
  create(draft: FalconUserDraft): Promise<FalconCreation>
  /** Judged by Falcon, not carried out. Absent where the profile has no such switch. */
  rehearse?(draft: FalconUserDraft): Promise<void>
  /** `empty`: accepted, but no user came back. */
  update(id: string, change: FalconUserChange): Promise<Receipt & { readonly empty: boolean }>
  remove(id: string): Promise<Receipt>
}

/** Roles, likewise. */
export interface FalconRoles {
  /** Role calls name a CID and may set an end. Otherwise roles count in the tenant's own CID, for good. */
  readonly scopedRoles: boolean
  /** Reading the roles of a user who is gone is known to be refused: nobody need look for the user as well. */
  readonly tellsGone: boolean
  /** Every role that the user holds in the CID, inherited ones included, each with its scope. */
  grants(operation: string, id: string, cid: string): Promise<readonly HeldEntitlement[]>
  /** The roles that can be granted in the CID, named. */
  roles(operation: string, cid: string): Promise<readonly FalconRole[]>
  grant(change: RoleChange): Promise<Receipt>
  revoke(change: RoleChange): Promise<Receipt>
}

/** What each API profile implements in a file of its own. */
export interface FalconClient extends FalconUsers, FalconRoles {
  /** One small read that only a tenant of this profile answers. */
  probe(): Promise<void>
}

type Bare = Omit<Call, 'pathClass' | 'needs'>

/** Falcon publishes one limit per API client; reads and writes are kept apart so that a flood of reads pauses no write. */
export function reads(call: Bare): Call {
  return { ...call, pathClass: 'read', needs: 'User management: Read + Write, lacking Read' }
}

export function writes(call: Bare): Call {
  return { ...call, pathClass: 'write', needs: 'User management: Read + Write, lacking Write' }
}

interface Listing {
  readonly resources?: readonly unknown[] | null
  readonly meta?: { readonly pagination?: { readonly total?: number } }
}

/** `offset` counts on by what came, until `total`; without a total until a page comes short. */
export const byOffsetOf: Paginator = ({ body, leftOut = 0 }, { query = {} }) => {
  const { resources, meta } = body as Listing
  const count = (resources?.length ?? 0) + leftOut
  const offset = Number(query['offset'] ?? 0) + count
  const more =
    meta?.pagination?.total === undefined ? count >= Number(query['limit']) : offset < meta.pagination.total
  return count > 0 && more ? { offset } : undefined
}

/** The one user that a creation brings back. Without it nobody knows whether there is an account. */
export function onlyUser<User>(reply: Reply, users: readonly User[]): User {
  const [user] = users
  if (user !== undefined) return user
  throw failure('unexpected', 'create', 'the creation brought no user back', {
    pathClass: 'write',
    status: reply.status,
    requestId: requestIdOf(reply),
    certainlyNotDone: false,
  })
}

/** Writes on one user, whose UUID every generation of the API takes in the query. */
export function userWrites(send: Requester, path: string) {
  return {
    async update(id: string, body: object): Promise<Receipt & { readonly empty: boolean }> {
      const query = { user_uuid: id }
      const reply = await send(writes({ operation: 'update', method: 'PATCH', path, query, body }), Updated)
      return { requestId: requestIdOf(reply), empty: !reply.body.resources?.length }
    },

    async remove(id: string): Promise<Receipt> {
      const call = writes({ operation: 'remove', method: 'DELETE', path, query: { user_uuid: id } })
      return { requestId: requestIdOf(await send(call, Envelope)) }
    },
  }
}

/** A text as an FQL string. */
export function quoted(value: string): string {
  return `'${value.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`
}

export function chunks<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) =>
    items.slice(at * size, (at + 1) * size),
  )
}

/** Role ids with their display names; a role without one is called by its id. */
export function named(ids: readonly string[], entities: readonly RoleEntity[]): readonly FalconRole[] {
  const known = new Map(entities.map((entity) => [entity.id, entity]))
  return ids.map((id) => {
    const { display_name: name, cid, is_global: isGlobal } = known.get(id) ?? {}
    return { id, name: name || id, ...(isGlobal === false && cid ? { owner: plainCid(cid) } : {}) }
  })
}

type Reading = Pick<FalconUsers, 'userIds' | 'users' | 'idsPerRead'>

interface LoginIndex {
  /** Ids of users whose login was this one when last read, letter case aside; reads what is new on a miss. */
  find(operation: string, login: string, afresh: boolean): Promise<readonly string[]>
  /** Keeps what a write has shown. */
  keep(user: Pick<FalconUser, 'id' | 'login'>): void
  forget(id: string): void
}

/** A login that somebody changed in Falcon is seen at the latest after this. */
const fullReadEveryMs = 10 * 60_000

/**
 * Logins by id, for the guide's API, which has no search. Filled on the first miss; later misses read the list of ids
 * and only the users that are new, so that a run of many creations does not read everybody again and again.
 */
export function loginIndex(client: Reading, now: () => number): LoginIndex {
  const logins = new Map<string, string>()
  /** Listed, and not readable when last looked at: anybody may be behind them. */
  const unread = new Set<string>()
  let fullReadAt: number | undefined
  let reading: Promise<void> | undefined

  async function read(operation: string): Promise<void> {
    const gone = new Set(logins.keys())
    unread.clear()
    for await (const page of client.userIds(operation)) {
      const unknown = page.filter((id) => !gone.delete(id) && !logins.has(id))
      for (const batch of chunks(unknown, client.idsPerRead)) {
        for (const id of batch) unread.add(id)
        for (const user of await usersOf(client, operation, batch)) {
          keep(user)
          unread.delete(user.id)
        }
      }
    }
    for (const id of gone) logins.delete(id)
  }

  function keep({ id, login }: Pick<FalconUser, 'id' | 'login'>): void {
    logins.set(id, login.toLowerCase())
  }

  function refresh(operation: string, afresh: boolean): Promise<void> {
    if (afresh || fullReadAt === undefined || now() - fullReadAt > fullReadEveryMs) {
      logins.clear()
      fullReadAt = now()
    }
    return read(operation).catch((error: unknown) => {
      fullReadAt = undefined
      throw error
    })
  }

  function known(login: string): readonly string[] {
    return [...logins].filter(([, each]) => each === login).map(([id]) => id)
  }

  function afterReading(login: string): readonly string[] {
    const found = known(login)
    if (found.length === 0) for (const id of unread) asideNow()?.person({ id })
    return found
  }

  /** One reading at a time; whoever waited for another one first looks at what that brought. */
  async function find(operation: string, login: string, afresh: boolean): Promise<readonly string[]> {
    const found = afresh ? [] : known(login)
    if (found.length > 0) return found
    const other = reading
    if (other !== undefined) {
      await other.catch(() => undefined)
      return find(operation, login, afresh)
    }
    reading = refresh(operation, afresh).finally(() => {
      reading = undefined
    })
    await reading
    return afterReading(login)
  }

  return {
    keep,
    forget: (id) => void logins.delete(id),
    find: (operation, login, afresh) => find(operation, login.toLowerCase(), afresh),
  }
}

/** Reads users; those that are gone are left out. Falcon may refuse a whole batch for one id that is gone. */
export function usersOf(
  { users, idsPerRead }: Pick<FalconUsers, 'users' | 'idsPerRead'>,
  operation: string,
  ids: readonly string[],
): Promise<readonly FalconUser[]> {
  return readTogether(ids, idsPerRead, (some) => users(operation, some))
}

/** So many are read to see how users are shown: one whose entry cannot be read must not stand for all. */
export const someIds = 5

/** Gathers pages of ids into batches of one size; the last may be smaller. */
export async function* inBatches(pages: AsyncIterable<readonly string[]>, size: number) {
  let rest: readonly string[] = []
  for await (const page of pages) {
    rest = [...rest, ...page]
    for (; rest.length >= size; rest = rest.slice(size)) yield rest.slice(0, size)
  }
  if (rest.length > 0) yield rest
}
