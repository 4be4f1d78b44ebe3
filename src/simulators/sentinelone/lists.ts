import { accountsOf, type Actor, invalid, isVisible } from './access.ts'
import type { SentineloneState, SimUser } from './state.ts'

export type Query = Readonly<Record<string, string | undefined>>

/** One page by cursor; `limit` from 1 to 1000, 10 by default. */
export function page<T>({ toggles }: SentineloneState, items: readonly T[], query: Query) {
  const limit = Number(query['limit'] ?? 10)
  if (!Number.isInteger(limit) || limit < 1 || limit > 1000)
    throw invalid('limit: must be between 1 and 1000')
  const start = startOf(query, items.length)
  const end = Math.min(items.length, start + Math.min(limit, toggles.pageCap))
  const isLast = end >= items.length && (!toggles.trailingEmptyPage || start === end || end === 0)
  const nextCursor = isLast ? null : Buffer.from(String(end)).toString('base64url')
  const totalItems = query['skipCount'] === 'true' || query['cursor'] ? 0 : items.length
  return { data: items.slice(start, end), pagination: { nextCursor, totalItems } }
}

function startOf({ cursor, skip }: Query, length: number): number {
  if (cursor === undefined) return Number(skip ?? 0)
  const start = Number(Buffer.from(cursor, 'base64url').toString())
  if (cursor === '' || !Number.isInteger(start) || start < 0 || start > length) {
    throw invalid('Invalid cursor value received')
  }
  return start
}

export function listOf(text: string | undefined): readonly string[] | undefined {
  return text === undefined || text === '' ? undefined : text.split(',')
}

/** Users by filter. Without accounts or sites: the guide's console shows everybody, the present one what the token reaches. */
export function matching(state: SentineloneState, actor: Actor, query: Query): readonly SimUser[] {
  const { toggles, users } = state
  const [ids, accountIds, siteIds, roleIds] = ['ids', 'accountIds', 'siteIds', 'roleIds'].map((key) =>
    listOf(query[key]),
  )
  const isUnscoped = !accountIds && !siteIds
  const leaks = toggles.profile === 'guide' && isUnscoped
  return [...users.values()]
    .filter((user) => leaks || isVisible(state, actor, user))
    .filter(({ id }) => !ids || ids.includes(id))
    .filter((user) => !accountIds || accountsOf(state, user).some((id) => accountIds.includes(id)))
    .filter(({ scopeRoles }) => !siteIds || scopeRoles.some(({ id }) => siteIds.includes(id)))
    .filter(({ scopeRoles }) => !roleIds || scopeRoles.some(({ roleId }) => roleIds.includes(roleId)))
    .filter((user) => isCalled(user, query, toggles.emailMatch))
}

function isCalled({ email, fullName }: SimUser, query: Query, match: 'exact' | 'caseless'): boolean {
  const { email: wanted, query: words } = query
  const contained = query['email__contains']
  const same = match === 'exact' ? email === wanted : email.toLowerCase() === wanted?.toLowerCase()
  const texts = `${email}\n${fullName}`.toLowerCase()
  return (
    (wanted === undefined || same) &&
    (contained === undefined || email.toLowerCase().includes(contained.toLowerCase())) &&
    (words === undefined || texts.includes(words.toLowerCase()))
  )
}
