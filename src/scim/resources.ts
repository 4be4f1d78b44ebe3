import type { Projection } from './projection.ts'
import type {
  Actor,
  Directory,
  ListQuery,
  Page,
  Precondition,
  Provisioning,
  StoredGroup,
  StoredUser,
} from './ports.ts'
import type { ResourceModel } from './schema/model.ts'
import type { DirectoryRef, MemberRef } from '../model/directory.ts'

/** What the use cases of Users and Groups work with. */
export interface ScimPorts {
  readonly directory: Directory
  readonly provisioning: Provisioning
  readonly log: Log
}

interface Log {
  info(details: object, message: string): void
  error(details: object, message: string): void
}

/** How resources are shown to one request. */
export interface View {
  readonly projection: Projection
  /** Of the service provider, without a slash at the end. */
  readonly baseUrl: string
  /** Waits until an answer of about so many bytes may be made; only large ones ask. */
  readonly room?: (bytes: number) => Promise<void>
}

/** A resource after a write of it. */
export type Changed<T> = T & {
  /** What a write that shuts out could not have besides, in words for the admin; shown in the answer to that write. */
  readonly ignored?: readonly string[]
}

/**
 * What can be done with the resources of one type, between HTTP and the ports. Refusals are thrown as ScimError;
 * whatever a write resolves with is a success of that write.
 */
export interface Resources<T extends StoredUser | StoredGroup> {
  readonly model: ResourceModel
  find(directory: DirectoryRef, id: string): Promise<T | undefined>
  list(directory: DirectoryRef, query: ListQuery): Promise<Page<T>>
  /**
   * In the order given; what the view leaves out is not fetched. Fewer, and at least one, where all together would be too
   * much for one answer.
   */
  show(
    directory: DirectoryRef,
    resources: readonly Changed<T>[],
    view: View,
  ): Promise<readonly Record<string, unknown>[]>
  create(actor: Actor, json: unknown): Promise<T>
  replace(actor: Actor, id: string, json: unknown, check: Precondition | undefined): Promise<Changed<T>>
  patch(actor: Actor, id: string, json: unknown, check: Precondition | undefined): Promise<Changed<T>>
  remove(actor: Actor, id: string, check: Precondition | undefined): Promise<void>
  /** Whether PATCH answers with the resource when the client did not say which attributes it wants. */
  showsPatched(directory: DirectoryRef, resource: T): Promise<boolean>
  /** Whether the answer to a create got out. */
  acknowledge(directory: DirectoryRef, id: string, acknowledged: boolean): Promise<void>
}

/** What is needed of a resource type to write its resources. */
export type Writes = Pick<
  Resources<StoredUser> | Resources<StoredGroup>,
  'model' | 'create' | 'replace' | 'patch' | 'remove' | 'acknowledge'
>

/** Absolute address of a resource. */
export function locationOf(model: ResourceModel, id: string, baseUrl: string): string {
  return `${baseUrl}${model.endpoint}/${id}`
}

/** Most memberships that a page shows; one resource alone is shown with all that it has. */
const mostMembershipsShown = 20_000

/** Memberships of the first `of` of the ids: of all of them, unless that is too much for one answer. */
export async function readMemberships(
  ids: readonly string[],
  directory: {
    readonly read: (ids: readonly string[], most?: number) => Promise<readonly MemberRef[]>
    readonly count: (ids: readonly string[]) => Promise<ReadonlyMap<string, number>>
  },
): Promise<{ readonly refs: readonly MemberRef[]; readonly of: number }> {
  if (ids.length === 1) return { refs: await directory.read(ids), of: 1 }
  const refs = await directory.read(ids, mostMembershipsShown + 1)
  if (refs.length <= mostMembershipsShown) return { refs, of: ids.length }
  const counts = await directory.count(ids)
  let of = 0
  for (let sum = 0; of < ids.length; of++) {
    sum += counts.get(ids[of]!) ?? 0
    if (sum > mostMembershipsShown && of > 0) break
  }
  return { refs: await directory.read(ids.slice(0, of)), of }
}
