import type { Profile } from '../../contract.ts'

/** Falcon wants both names; this stands for one that nobody knows. */
const none = '-'

export interface Names {
  readonly givenName: string
  readonly familyName: string
}

/** Both names of a new user: as given, else out of `displayName`, else a dash. */
export function namesOf({ givenName, familyName, displayName = '' }: Profile): Names {
  const [first = '', ...rest] = displayName.trim().split(/\s+/)
  return {
    givenName: givenName?.trim() || first || none,
    familyName: familyName?.trim() || rest.join(' ') || none,
  }
}

/** A name that is cleared becomes a dash. */
export function nameToWrite(name: string | null | undefined): string | undefined {
  return name === undefined ? undefined : name?.trim() || none
}
