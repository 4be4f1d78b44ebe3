import type { Receipt } from '../../contract.ts'
import type { Call, Reply, Requester } from '../../kit/http.ts'
import type { Paginator } from '../../kit/paginate.ts'
import { failure, requestIdOf } from '../errors.ts'
import { plainCid } from '../auth/regions.ts'
import { Envelope, type RoleEntity, Updated } from '../wire/envelope.ts'
import type { FalconRole } from './client.ts'

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
export const byOffsetOf: Paginator = ({ body }, { query = {} }) => {
  const { resources, meta } = body as Listing
  const count = resources?.length ?? 0
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
