import type { Entitlement } from '../../model/account.ts'
import type { SisenseClient } from './client.ts'
import { failure } from './errors.ts'
import type { Group, Role } from './wire.ts'

/** What an instance calls its roles and groups. Ids are its own and are never configured. */
export interface Names {
  readonly roles: RoleNames
  readonly groups: readonly Group[]
  /** Ids of the group that everybody is in and nobody can leave. */
  readonly everyone: ReadonlySet<string>
}

export interface NameBook {
  /** As read before, at most some minutes ago. */
  known(operation: string): Promise<Names>
  fresh(operation: string): Promise<Names>
  /** The same, read again once if a role is not among them. */
  withRole(operation: string, roleId: string): Promise<Names>
  /** The vendor's id of a role. Rejects with `invalid` when the instance has no such role. */
  roleId(operation: string, name: string): Promise<string>
}

const freshMs = 5 * 60_000
/** A role that is not listed is not asked for more often than this. */
const againMs = 30_000

/** Reads both lists once for everybody. */
export function createNameBook(client: SisenseClient, now: () => number): NameBook {
  let last: { readonly names: Names; readonly at: number } | undefined
  let reading: Promise<Names> | undefined

  async function read(operation: string): Promise<Names> {
    const [roles, groups] = await Promise.all([client.roles(operation), client.groups(operation)])
    const names = {
      roles: roleNames(roles),
      groups,
      everyone: new Set(groups.filter(isEveryone).map(({ _id }) => _id)),
    }
    last = { names, at: now() }
    return names
  }

  async function readOnce(operation: string, ageMs: number): Promise<Names> {
    if (last && now() - last.at < ageMs) return last.names
    reading ??= read(operation).finally(() => {
      reading = undefined
    })
    return reading
  }

  return {
    known: (operation) => readOnce(operation, freshMs),
    fresh: (operation) => readOnce(operation, 0),

    async withRole(operation, roleId) {
      const names = await readOnce(operation, freshMs)
      return names.roles.nameOf(roleId) === undefined ? readOnce(operation, againMs) : names
    },

    async roleId(operation, name) {
      const known = (await readOnce(operation, freshMs)).roles.idOf(name)
      const id = known ?? (await readOnce(operation, againMs)).roles.idOf(name)
      if (id !== undefined) return id
      const detail = `this instance has no role ${name}`
      throw failure('invalid', operation, detail, { certainlyNotDone: true })
    },
  }
}

/** The API guide shows no marks on groups; the name of this one is Sisense's own. */
export function isEveryone({ everyone, name }: Group): boolean {
  return everyone ?? name.toLowerCase() === 'everyone'
}

export function groupEntitlements({ groups, everyone }: Names): readonly Entitlement[] {
  return groups
    .filter(({ _id }) => !everyone.has(_id))
    .map(({ _id, name, admins }) => ({
      kind: 'group',
      id: _id,
      name,
      ...(admins ? { privileged: true } : {}),
    }))
}

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
interface RoleNames {
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
