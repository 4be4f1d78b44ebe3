import type { Entitlement } from '../../contract.ts'
import type { Role } from '../wire.ts'

/** What every user has at least. */
export const viewer = 'consumer'
/** The system administrator: one user of an instance, whom nobody can remove. */
export const superRole = 'super'

/**
 * The roles that every instance has, by the vendor's internal names, and what else they are called. Their ids differ
 * per instance, so an account holds them by name; roles that a tenant made are held by id.
 */
const builtIn: Readonly<Record<string, readonly string[]>> = {
  super: ['sysadmin', 'systemadmin', 'systemadministrator'],
  admin: ['administrator'],
  dataAdmin: [],
  dataDesigner: [],
  contributor: ['designer'],
  consumer: ['viewer'],
}

/** The roles of an instance, from the vendor's id to ours and back. */
export interface RoleNames {
  readonly entitlements: readonly Entitlement[]
  /** Undefined for a role that the instance did not list. */
  nameOf(roleId: string): string | undefined
  idOf(name: string): string | undefined
}

export function roleNames(roles: readonly Role[]): RoleNames {
  const ids = new Map<string, string>()
  const claim = (isCalled: (role: Role, name: string, aliases: readonly string[]) => boolean) => {
    for (const [name, aliases] of Object.entries(builtIn)) {
      const role = roles.find((each) => isCalled(each, name, aliases))
      if (role && !ids.has(name) && ![...ids.values()].includes(role._id)) ids.set(name, role._id)
    }
  }
  // A role of the tenant's own may be called like an alias: the vendor's internal names go first.
  claim((role, name) => folded(role.name) === folded(name))
  claim((role, _, aliases) => aliases.includes(folded(role.name)))
  for (const { _id } of roles) if (![...ids.values()].includes(_id)) ids.set(_id, _id)

  const names = new Map([...ids].map(([name, id]) => [id, name]))
  return {
    entitlements: roles.map(({ _id, name, displayName }) => ({
      kind: 'role',
      id: names.get(_id) ?? _id,
      name: displayName || name,
      privileged: isPrivileged(names.get(_id) ?? name) || isPrivileged(name),
    })),
    nameOf: (roleId) => names.get(roleId),
    idOf: (name) => ids.get(name),
  }
}

/** Roles that administer the instance, tenant roles of the same kind included. */
export function isPrivileged(name: string): boolean {
  return folded(name) === superRole || /admin/i.test(name)
}

/** Sees and changes every user. */
export function isAdministrator(name: string): boolean {
  return [superRole, 'admin', ...(builtIn[superRole] ?? []), ...(builtIn['admin'] ?? [])].includes(
    folded(name),
  )
}

function folded(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z]/g, '')
}
