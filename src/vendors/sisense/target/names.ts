import type { Entitlement } from '../../contract.ts'
import type { SisenseClient } from '../client/client.ts'
import { failure } from '../errors.ts'
import type { Group } from '../wire.ts'
import { type RoleNames, roleNames } from './roles.ts'

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
