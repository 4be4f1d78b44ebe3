import { createHash } from 'node:crypto'
import type { SimGroup, SimUser } from './model.ts'
import type { SisenseState } from './state/state.ts'

/** A user as v1 shows them. */
export function asV1(state: SisenseState, user: SimUser): object {
  const { password: _, activationToken: __, adgroups, activeDirectory, createdSso, ...shown } = user
  const groups = groupsShown(state, user)
  return {
    ...shown,
    // Absent when empty.
    groups: groups.length > 0 ? groups : undefined,
    adgroups: adgroups.length > 0 ? adgroups : undefined,
    activeDirectory: activeDirectory || undefined,
    createdSso: createdSso || undefined,
    uiSettings: {},
  }
}

/** A user as v0.9 shows them: with the names of the role and, beware, the password's hash. */
export function asV09(state: SisenseState, user: SimUser): object {
  const roleName = state.roles.find(({ _id }) => _id === user.roleId)?.name
  const hash = createHash('sha256')
    .update(user.password ?? '')
    .digest('hex')
  return { ...asV1(state, user), roleName, baseRoleName: roleName, changePasswordState: 0, hash }
}

/** A user in the fields of the guide's object. */
export function asGuide(user: SimUser): object {
  const { _id, userName, email, firstName, lastName, roleId, groups, preferences } = user
  const { active, lastLogin, created } = user
  const names = { _id, userName, email, firstName, lastName, roleId }
  return { ...names, groups, preferences, active, lastLogin, created }
}

export function groupsShown({ toggles, groups }: SisenseState, user: SimUser): readonly string[] {
  const everyone = [...groups.values()].filter((group) => group.everyone && toggles.showEveryone)
  const own = [...everyone.map(({ _id }) => _id), ...user.groups]
  const [first] = toggles.duplicateGroups ? user.groups : []
  return first === undefined ? own : [...own, first]
}

export function asGroup(state: SisenseState, { _id, name, ...marks }: SimGroup): object {
  return state.profile === 'guide' ? { _id, name } : { _id, name, language: 'en-US', ad: false, ...marks }
}
