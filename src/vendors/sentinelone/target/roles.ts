import { entitlementKey, type EntitlementChange, type Scope } from '../../contract.ts'
import type { ConsoleRole, HeldRole, RoleSet } from '../client/client.ts'
import { failure } from '../errors.ts'

/** The roles after a change; what the change does not name stays as it is. */
export function changed(
  before: readonly HeldRole[],
  { assign, revoke }: EntitlementChange,
): readonly HeldRole[] {
  const gone = new Set(revoke.map(entitlementKey))
  const slots = new Set(assign.map(({ scope }) => slotOf(scope)))
  const kept = before.filter((role) => !gone.has(keyOf(role)) && !slots.has(slotOf(role.scope)))
  return [...kept, ...assign.map(({ id, scope }) => ({ id, scope }))]
}

export function isSame(one: readonly HeldRole[], other: readonly HeldRole[]): boolean {
  const text = (roles: readonly HeldRole[]) => JSON.stringify(roles.map(keyOf).sort())
  return text(one) === text(other)
}

/**
 * The roles as one write can carry them: of one scope level, and never none, because the console makes a Viewer of
 * whoever is left without a role. `fallback` is the role without permissions, where the connection names one.
 */
export async function writable(
  operation: string,
  roles: readonly HeldRole[],
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
