import type { Outgoing, Rewriting } from '../../../src/simulators/faults.ts'
import { changedAt } from './change.ts'
import type { Trial } from './stage.ts'

/*
 * Replies that stopped something once. Nobody knows whether a real tenant sends each of them; none may take access for ended,
 * stop people whom it does not concern, or stop a connection for a fact that is not needed.
 */

type Change = (answer: Outgoing, person: string) => Outgoing

interface Handed {
  readonly id: string
  /** Absent: every route of the vendor. */
  readonly method?: string
  readonly path?: RegExp
  readonly change: Change
  /** Understood as it is: nothing is left out. */
  readonly isKnown?: true
}

const has = (part: unknown, words: string): boolean => JSON.stringify(part).includes(words)

/** What stands at a place, in rows that hold the words; a row of the person's without any. */
const put =
  (path: string, value: (old: unknown) => unknown, words?: string): Change =>
  ({ status, body }, person) => {
    if (status >= 300) return { status, body }
    const keys = path.split('/').slice(1)
    const isMeant = (row: unknown): boolean => has(row, words ?? person)
    if (!keys.includes('*') && words === undefined && !has(body, person)) return { status, body }
    return { status, body: changedAt(body, keys, value, isMeant) }
  }

/** Every row, or the whole body. */
const everywhere = (path: string, value: (old: unknown) => unknown): Change => put(path, value, '')
const to = (value: unknown) => (): unknown => value
const onSuccess =
  (change: (body: Record<string, unknown>) => unknown): Change =>
  ({ status, body }) => ({
    status,
    body:
      status < 300 && typeof body === 'object' && body !== null
        ? change(body as Record<string, unknown>)
        : body,
  })
const instead =
  (status: number, body: unknown): Change =>
  () => ({ status, body })
/** One change after the other. */
const both =
  (...changes: readonly Change[]): Change =>
  (answer, person) =>
    changes.reduce((now, change) => change(now, person), answer)

const falconUsers = { method: 'POST', path: /\/entities\/users\/GET\/v1$/ }
const grants = { method: 'GET', path: /\/combined\/user-roles\/v2$/ }
const roleEntities = { method: 'POST', path: /\/entities\/roles\/GET\/v2$/ }

const crowdstrike: readonly Handed[] = [
  { id: 'other-null-login', ...falconUsers, change: put('/resources/*/last_login_at', to(null)) },
  { id: 'other-no-uid', ...falconUsers, change: put('/resources/*/uid', to('')) },
  { id: 'created-epoch', ...falconUsers, change: everywhere('/resources/*/created_at', to(1_700_000_000)) },
  {
    id: 'grant-expires-null',
    ...grants,
    change: onSuccess((body) => ({
      ...body,
      resources: (body['resources'] as object[]).map((each) => ({ expires_at: null, ...each })),
    })),
  },
  { id: 'grant-cid-null', ...grants, change: everywhere('/resources/*/cid', to(null)) },
  { id: 'role-name-null', ...roleEntities, change: put('/resources/*/display_name', to(null), 'help_desk') },
  {
    id: 'role-vanished',
    isKnown: true,
    ...roleEntities,
    change: onSuccess((body) => ({
      ...body,
      resources: (body['resources'] as object[]).filter((each) => !has(each, 'help_desk')),
      errors: [{ code: 404, message: 'role not found', id: 'help_desk' }],
    })),
  },
  { id: 'total-null', path: /\/queries\//, change: everywhere('/meta/pagination/total', to(null)) },
  {
    id: 'no-resources',
    isKnown: true,
    change: onSuccess(({ resources, ...body }) =>
      Array.isArray(resources) && resources.length === 0
        ? body
        : { ...body, ...(resources ? { resources } : {}) },
    ),
  },
  {
    id: 'error-null',
    path: /user-management/,
    change: onSuccess((body) => ({
      ...body,
      meta: { ...(body['meta'] as object), trace_id: null },
      errors: [{ code: null, message: null }],
    })),
  },
  { id: 'write-204', method: 'POST', path: /\/user-role-actions\/v1$/, change: instead(204, undefined) },
]

const consoleUsers = { method: 'GET', path: /\/users(\/\d+)?$/ }
const ofUser = (field: string, value: (old: unknown) => unknown, words?: string): Change =>
  both(put(`/data/*/${field}`, value, words), put(`/data/${field}`, value, words))
const without =
  (field: string): Change =>
  ({ status, body }, person) => {
    const strip = (row: unknown): unknown => {
      if (!has(row, person)) return row
      return Object.fromEntries(Object.entries(row as object).filter(([key]) => key !== field))
    }
    const { data, ...rest } = (body ?? {}) as { data?: unknown }
    if (status >= 300 || data === undefined) return { status, body }
    return { status, body: { ...rest, data: Array.isArray(data) ? data.map(strip) : strip(data) } }
  }

const sentinelone: readonly Handed[] = [
  { id: 'other-email-null', ...consoleUsers, change: ofUser('email', to(null)) },
  { id: 'other-no-scoperoles', ...consoleUsers, change: without('scopeRoles') },
  {
    id: 'other-roles-object',
    ...consoleUsers,
    change: ofUser('scopeRoles', to([{ id: 2 ** 60, roles: ['Viewer'] }])),
  },
  { id: 'other-flag-string', ...consoleUsers, change: ofUser('twoFaEnabled', to('true')) },
  {
    id: 'all-elevated-float',
    isKnown: true,
    ...consoleUsers,
    change: ofUser('elevatedSessionDurationMinutes', to(30.5), ''),
  },
  { id: 'all-lastlogin-number', ...consoleUsers, change: ofUser('lastLogin', to(1_700_000_000), '') },
  {
    id: 'role-name-null',
    method: 'GET',
    path: /\/rbac\/roles$/,
    change: put('/data/*/name', to(null), '"IT"'),
  },
  {
    id: 'site-no-account',
    method: 'GET',
    path: /\/sites$/,
    change: onSuccess(({ data, ...body }) => {
      const [first, ...sites] = (data as { sites: Record<string, unknown>[] }).sites
      const { accountId: _, ...odd } = first ?? {}
      return { ...body, data: { sites: first ? [odd, ...sites] : [] } }
    }),
  },
  { id: 'pagination-null', method: 'GET', change: everywhere('/pagination', to(null)) },
  { id: 'put-empty', method: 'PUT', path: /\/users\/\d+$/, change: onSuccess(() => ({})) },
  {
    id: 'revoke-404',
    isKnown: true,
    method: 'POST',
    path: /\/revoke-api-token$/,
    change: instead(404, { errors: [{ code: 4_040_010, title: 'Not found', detail: 'No token' }] }),
  },
  {
    id: 'me-scoperoles-null',
    method: 'GET',
    path: /\/user$/,
    change: everywhere('/data/scopeRoles', to(null)),
  },
  {
    id: 'warn-errors',
    isKnown: true,
    method: 'GET',
    path: /\/users$/,
    change: onSuccess((body) => ({ ...body, errors: [{ code: 2_000_010, title: 'Partial results' }] })),
  },
]

const sentryMembers = { method: 'GET', path: /\/members\/(\d+\/)?$/ }
const ofMember = (field: string, value: (old: unknown) => unknown, words?: string): Change =>
  both(put(`/*/${field}`, value, words), put(`/${field}`, value, words))
const memberDetail = { method: 'GET', path: /\/members\/(\d+|me)\/$/ }

const sentry: readonly Handed[] = [
  { id: 'other-email-null', ...sentryMembers, change: ofMember('email', to(null)) },
  { id: 'other-pending-null', ...sentryMembers, change: ofMember('pending', to(null)) },
  { id: 'other-flags-null', ...sentryMembers, change: ofMember('flags', to(null)) },
  { id: 'other-emails-null', ...sentryMembers, change: ofMember('user', to({ emails: [{ email: null }] })) },
  { id: 'all-onlyowner-null', ...memberDetail, change: everywhere('/isOnlyOwner', to(null)) },
  { id: 'all-teams-null', ...memberDetail, change: everywhere('/teams', to(null)) },
  {
    id: 'rolelist-retired-null',
    method: 'GET',
    path: /\/members\/me\/$/,
    change: put('/orgRoleList/*/isRetired', to(null), '"billing"'),
  },
  {
    id: 'org-id-number',
    isKnown: true,
    method: 'GET',
    path: /\/organizations\/[^/]+\/$/,
    change: everywhere('/id', Number),
  },
  {
    id: 'delete-200',
    isKnown: true,
    method: 'DELETE',
    path: /\/members\/\d+\/$/,
    change: ({ status, body }) => (status === 204 ? { status: 200, body: { id: '1' } } : { status, body }),
  },
]

const biUsers = { method: 'GET', path: /\/users(\/[0-9a-f]{24})?$/ }
const ofBiUser = ofMember
const expanded = (ids: unknown): unknown => (ids as string[]).map((id) => ({ _id: id, name: 'expanded' }))

const sisense: readonly Handed[] = [
  { id: 'other-groups-objects', isKnown: true, ...biUsers, change: ofBiUser('groups', expanded) },
  {
    id: 'other-adgroups-objects',
    isKnown: true,
    ...biUsers,
    change: ({ status, body }, person) => {
      const odd = (row: unknown): unknown =>
        has(row, person) ? { ...(row as object), adgroups: [{ _id: 'a'.repeat(24), name: 'AD' }] } : row
      return {
        status,
        body: status < 300 && Array.isArray(body) ? body.map(odd) : status < 300 ? odd(body) : body,
      }
    },
  },
  { id: 'other-active-string', ...biUsers, change: ofBiUser('active', to('true')) },
  { id: 'other-prefs-array', ...biUsers, change: ofBiUser('preferences', to({ language: {} })) },
  {
    id: 'other-roleid-object',
    isKnown: true,
    ...biUsers,
    change: ofBiUser('roleId', (id) => ({ _id: id, name: 'consumer' })),
  },
  { id: 'group-name-null', method: 'GET', path: /\/groups$/, change: put('/*/name', to(null), 'Finance') },
  {
    id: 'wrapped',
    isKnown: true,
    method: 'GET',
    change: ({ status, body }) => ({
      status,
      body: Array.isArray(body) ? { count: body.length, results: body } : body,
    }),
  },
  {
    id: 'delete-text',
    isKnown: true,
    method: 'PATCH',
    path: /\/users\/[0-9a-f]+$/,
    change: ({ status, body }) => (status < 300 ? { status: 200, body: 'OK' } : { status, body }),
  },
  {
    id: 'logout-404',
    isKnown: true,
    method: 'GET',
    path: /\/admin\/logout$/,
    change: instead(404, { error: { code: 404, message: 'Not found' } }),
  },
]

const byVendor: Readonly<Record<string, readonly Handed[]>> = { crowdstrike, sentinelone, sentry, sisense }

const rewritingOf =
  ({ method, path, change }: Handed) =>
  (person: string): Rewriting => ({ method, path, change: (answer) => change(answer, person) })

/** Each with everything expected to go on, for everybody. */
export const handed: readonly Trial[] = Object.entries(byVendor).flatMap(([vendor, rows]) =>
  rows.map((row) => ({
    vendor,
    profile: 'current' as const,
    change: {
      id: row.id,
      isFact: true,
      whose: 'stayer' as const,
      isNamed: !row.isKnown,
      rewriting: rewritingOf(row),
    },
  })),
)
