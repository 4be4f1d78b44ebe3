import type { Profile } from './account.ts'

/** A User reduced to what vendors can hold. */
export interface Person {
  /** Lower-cased e-mail address under which vendors know the person; see `loginOf`. */
  readonly login: string
  readonly active: boolean
  readonly profile: Profile
  /** The whole name as the directory formats it, if it does. */
  readonly formattedName?: string
  readonly groups: readonly GroupRef[]
}

/** A SCIM group that a person is in, directly. */
export interface GroupRef {
  readonly id: string
  readonly displayName: string
  readonly externalId?: string
  /** ISO 8601 instant at which the membership began. */
  readonly since?: string
}
