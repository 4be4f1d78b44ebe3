import { entitlementKey, type EntitlementChange, type EntitlementRef, type Scope } from '../../contract.ts'
import type { ConsoleRole, HeldRole, RoleSet } from '../client/client.ts'
import { failure } from '../errors.ts'
import { tokenPermission } from './accounts.ts'

/** What a user holds or shall hold: roles in scopes, and whether they may make API tokens. */
export interface Holding {
  readonly roles: readonly HeldRole[]
  readonly canGenerateApiToken: boolean
}

/** The holding after a change; what the change does not name stays as it is. */
export function changed(before: Holding, { assign, revoke }: EntitlementChange): Holding {
  const gone = new Set(revoke.map(entitlementKey))
  const added = assign.filter((ref) => !isTokenPermission(ref))
  const slots = new Set(added.map(({ scope }) => slotOf(scope)))
  const kept = before.roles.filter((role) => !gone.has(keyOf(role)) && !slots.has(slotOf(role.scope)))
  const permission = entitlementKey(tokenPermission)
  return {
    roles: [...kept, ...added.map(({ id, scope }) => ({ id, scope }))],
    canGenerateApiToken:
      assign.some(isTokenPermission) || (before.canGenerateApiToken && !gone.has(permission)),
  }
}

export function isSame(one: Holding, other: Holding): boolean {
  const text = ({ roles, canGenerateApiToken }: Holding) =>
    JSON.stringify([roles.map(keyOf).sort(), canGenerateApiToken])
  return text(one) === text(other)
}

/**
 * The roles as one write can carry them: of one scope level, and never none, because the console makes a Viewer of
 * whoever is left without a role. `fallback` is the role without permissions, where the connection names one.
 */
export async function writable(
  operation: string,
  { roles }: Pick<Holding, 'roles'>,
  home: readonly Scope[],
  fallback: () => Promise<ConsoleRole | undefined>,
): Promise<RoleSet> {
  const [first, ...rest] = roles.length > 0 ? roles : await quarantined(operation, home, fallback)
  const level = first?.scope?.level
  if (first === undefined || level === undefined || !['tenant', 'account', 'site'].includes(level)) {
    throw failure('unsupported', operation, 'roles are given in a tenant, an account or a site')
  }
  const other = rest.find(({ scope }) => scope?.level !== level)
  if (other) {
    const levels = `${level} and ${other.scope?.level ?? 'another'}`
    const detail = `SentinelOne keeps a user at one scope level, and these roles are of levels ${levels}; take the roles of one level away first`
    throw failure('invalid', operation, detail)
  }
  return { level, roles: [first, ...rest] }
}

async function quarantined(
  operation: string,
  home: readonly Scope[],
  fallback: () => Promise<ConsoleRole | undefined>,
): Promise<readonly HeldRole[]> {
  const role = await fallback()
  if (role) return home.map((scope) => ({ id: role.id, scope }))
  const detail =
    'SentinelOne makes a Viewer of a user without a role; grant one by a rule or default, or name a role without permissions as quarantineRole'
  throw failure('unsupported', operation, detail)
}

export function isTokenPermission({ kind, id, scope }: EntitlementRef): boolean {
  return kind === 'role' && scope === undefined && id === tokenPermission.id
}

function keyOf({ id, scope }: HeldRole): string {
  return entitlementKey({ kind: 'role', id, ...(scope ? { scope } : {}) })
}

function slotOf(scope: Scope | undefined): string {
  return scope ? `${scope.level}:${scope.id}` : ''
}

/** Predefined roles count everywhere, custom ones where they were made and below. */
export function isOffered({ definedAt }: ConsoleRole, scope: Scope, accountId: string): boolean {
  if (definedAt === undefined || definedAt.level === 'tenant') return true
  if (definedAt.level === 'account') return scope.level !== 'tenant' && definedAt.id === accountId
  return scope.level === definedAt.level && scope.id === definedAt.id
}
