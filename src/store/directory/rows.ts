import { StoreUnavailable } from '../sql/failures.ts'
import type { StoredGroup, StoredUser } from '../../scim/ports.ts'
import { invalidValue } from '../../scim/errors.ts'
import { isStorable, sql } from '../sql/statement.ts'
import type { MemberRef, ResourceBody } from '../../model/directory.ts'

export interface UserRow {
  readonly id: string
  readonly body: ResourceBody
  readonly active_shown: boolean
  readonly delete_pending: boolean
  readonly unclaimed: boolean
  readonly version: number
  readonly created_at: Date
  readonly last_modified: Date
  /** Only with `groupsColumn`. */
  readonly groups?: readonly MemberRef[]
}

export const userColumns = sql`id, body, active_shown, delete_requested_at IS NOT NULL AS delete_pending, unclaimed, version, created_at, last_modified`

/** The groups of row `users`, in the order in which they are shown, read in the same round trip. */
export const groupsColumn = sql`coalesce((
    SELECT json_agg(json_build_object('groupId', g.id, 'userId', m.user_id, 'display', g.display_name) ORDER BY g.display_name, g.id)
    FROM members m JOIN groups g ON g.id = m.group_id WHERE m.user_id = users.id
  ), '[]') AS groups`

export function toUser(row: UserRow): StoredUser {
  return {
    id: row.id,
    body: row.body,
    activeShown: row.active_shown,
    deletePending: row.delete_pending,
    ...(row.unclaimed ? { unclaimed: true } : {}),
    version: row.version,
    created: row.created_at,
    lastModified: row.last_modified,
    groups: row.groups,
  }
}

export type GroupRow = Omit<UserRow, 'active_shown' | 'delete_pending' | 'unclaimed' | 'groups'>

export const groupColumns = sql`id, body, version, created_at, last_modified`

export function toGroup(row: GroupRow): StoredGroup {
  return {
    id: row.id,
    body: row.body,
    version: row.version,
    created: row.created_at,
    lastModified: row.last_modified,
  }
}

/** What of a User is kept in columns of its own, to be found by. */
export interface UserKeys {
  readonly userName: string
  readonly userNameKey: string
  readonly externalId: string | null
  readonly displayNameKey: string | null
  readonly emailKeys: readonly string[]
  readonly active: boolean
}

export function userKeys(body: ResourceBody): UserKeys {
  refuseUnstorable(body)
  const userName = indexable('userName', body['userName'])
  if (userName === null) throw invalidValue('userName is missing')
  const emails: unknown = body['emails']
  return {
    userName,
    userNameKey: keyOf(userName),
    externalId: indexable('externalId', body['externalId']),
    displayNameKey: nullable(indexable('displayName', body['displayName']), keyOf),
    emailKeys: (Array.isArray(emails) ? emails : [])
      .map((email: unknown) => indexable('emails', (email as { value?: unknown } | null)?.value))
      .filter((value) => value !== null)
      .map(keyOf),
    active: body['active'] !== false,
  }
}

export interface GroupKeys {
  readonly displayName: string
  readonly displayNameKey: string
  readonly externalId: string | null
}

export function groupKeys(body: ResourceBody): GroupKeys {
  refuseUnstorable(body)
  const displayName = indexable('displayName', body['displayName'])
  if (displayName === null) throw invalidValue('displayName is missing')
  return {
    displayName,
    displayNameKey: keyOf(displayName),
    externalId: indexable('externalId', body['externalId']),
  }
}

function refuseUnstorable(body: ResourceBody): void {
  if (!isStorable(body)) throw invalidValue('a text contains a NUL character or half of a surrogate pair')
}

/** How attributes that are not case-exact are compared. */
export const keyOf = (text: string): string => text.toLowerCase()

/** An index row of PostgreSQL holds 2,700 bytes. */
const longest = 2_000

function indexable(name: string, value: unknown): string | null {
  if (typeof value !== 'string') return null
  if (Buffer.byteLength(value) > longest) throw invalidValue(`${name} is longer than ${longest} bytes`)
  return value
}

function nullable<T, R>(value: T | null, next: (value: T) => R): R | null {
  return value === null ? null : next(value)
}

/** The attributes that differ, before and after; for the event of a write. */
export function changesBetween(
  before: ResourceBody,
  after: ResourceBody,
): Record<string, { before?: unknown; after?: unknown }> {
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  const changed = [...names].filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
  return Object.fromEntries(changed.map((name) => [name, { before: before[name], after: after[name] }]))
}

/** How writes wait for each other: at most two statements at once, and one that waits for a row holds up no others. */
export const longQueue = {
  atOnce: 2,
  patienceMs: 50,
  longestWaitMs: 10_000,
  late: () => new StoreUnavailable('other writes took too long'),
} as const
