import { Refusal } from './answers.ts'
import type { SimGroup } from './model.ts'
import type { SisenseState } from './state/state.ts'

/** Refuses a name that is empty or that another group has, letter case aside. */
export function demandGroupName(
  { groups }: Pick<SisenseState, 'groups'>,
  name: unknown,
  self?: SimGroup,
): string {
  if (typeof name !== 'string' || name.trim() === '') throw new Refusal(422, 2003, 'name is mandatory')
  const isTaken = [...groups.values()].some(
    (group) => group !== self && group.name.toLowerCase() === name.toLowerCase(),
  )
  if (isTaken) throw new Refusal(400, 0, `Group ${name} already exists`)
  return name
}

export function removeGroup(
  { groups, users }: Pick<SisenseState, 'groups' | 'users'>,
  { _id }: Pick<SimGroup, '_id'>,
): void {
  groups.delete(_id)
  for (const user of users.values()) user.groups = user.groups.filter((id) => id !== _id)
}
