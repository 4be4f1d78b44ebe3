import Type, { type Static } from 'typebox'
import type { Scope } from '../../contract.ts'
import { enveloped, paged } from './envelope.ts'
import { common, type ConsoleUser, type HeldRole, toUser as toConsoleUser } from './user.ts'

const text = Type.Optional(Type.Union([Type.String(), Type.Null()]))

/** `id` is that of the account or site; a tenant has none. */
const ScopeRole = Type.Object({
  id: text,
  name: text,
  accountName: text,
  siteName: text,
  roleId: text,
  roleName: text,
})

/** Without `scopeRoles` a write of the whole set would wipe it, so their absence is refused. */
const User = Type.Object({ ...common, scope: text, scopeRoles: Type.Array(ScopeRole) })
type User = Static<typeof User>

export const UserAnswer = enveloped(User)
export const UserPage = paged(Type.Array(User))

/** The token's owner. */
const Me = Type.Object({
  id: Type.String({ minLength: 1 }),
  scope: text,
  scopeRoles: Type.Optional(Type.Array(ScopeRole)),
})
export type Me = Static<typeof Me>
export const MeAnswer = enveloped(Me)

const Account = Type.Object({ id: Type.String({ minLength: 1 }), name: Type.String() })
export const AccountPage = paged(Type.Array(Account))

const Site = Type.Object({
  id: Type.String({ minLength: 1 }),
  name: Type.String(),
  accountId: Type.String({ minLength: 1 }),
  accountName: text,
})
export type Site = Static<typeof Site>
export const SitePage = paged(Type.Object({ sites: Type.Array(Site) }))

const Role = Type.Object({
  id: Type.String({ minLength: 1 }),
  name: Type.String(),
  predefinedRole: Type.Optional(Type.Boolean()),
  scope: text,
  scopeId: text,
})
export type Role = Static<typeof Role>
export const RolePage = paged(Type.Array(Role))

/** A tenant has no id in this API; this stands for it. */
export const tenantScope: Scope = { level: 'tenant', id: 'global' }

const levels: Readonly<Record<string, Scope['level']>> = {
  tenant: 'tenant',
  global: 'tenant',
  account: 'account',
  site: 'site',
}

/** Undefined for a level that the gateway has no word for. */
export function scopeOf(level: string | null | undefined, id: string | null | undefined): Scope | undefined {
  const known = levels[(level ?? '').toLowerCase()]
  if (known === 'tenant') return tenantScope
  return known && id ? { level: known, id } : undefined
}

export function toUser(user: User): ConsoleUser {
  return toConsoleUser(user, heldRoles(user), true)
}

function heldRoles({ scope, scopeRoles }: User): readonly HeldRole[] {
  return scopeRoles.flatMap(({ id, roleId, roleName }) => {
    const role = roleId ?? roleName
    return role ? [{ id: role, name: roleName ?? undefined, scope: scopeOf(scope, id) }] : []
  })
}
