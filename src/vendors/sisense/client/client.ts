import type { Receipt } from '../../contract.ts'
import type { Group, LoggedIn, Role, User } from '../wire.ts'

export interface UserDraft {
  readonly userName: string
  readonly email: string
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly roleId: string
  readonly groups?: readonly string[] | undefined
  readonly locale?: string | undefined
}

/** Fields that are absent are left alone by the vendor. */
export interface UserChange {
  readonly userName?: string | undefined
  readonly email?: string | undefined
  readonly firstName?: string | undefined
  readonly lastName?: string | undefined
  readonly locale?: string | undefined
  readonly active?: boolean | undefined
  readonly roleId?: string | undefined
  /** The whole set. */
  readonly groups?: readonly string[] | undefined
}

export interface GroupKeeping {
  /** Groups whose name may be this one; every one whose name is, is among them. */
  groupsCalled(operation: string, name: string): Promise<readonly Group[]>
  /** Rejects with `conflict` when the name is taken. */
  createGroup(name: string): Promise<Group>
  /** Rejects with `not-found` when there is no such group. */
  renameGroup(id: string, name: string): Promise<Receipt>
  removeGroup(id: string): Promise<Receipt>
}

/** Users, roles and groups, whatever the API profile. `operation` names the call in logs and errors. */
export interface SisenseClient {
  /** One small read that only an instance of this profile answers in this form. */
  probe(): Promise<boolean>
  /** All users that the token sees, page by page, each once. */
  users(operation: string): AsyncGenerator<readonly User[]>
  /** Rejects with `not-found` when the vendor says that there is no such user. */
  user(operation: string, id: string): Promise<User>
  /** Users who may have this user name or e-mail address; everybody who has is among them. */
  candidates(operation: string, value: string): Promise<readonly User[]>
  /** Rejects with `conflict` when the name or the address is taken. Without a password, where one is needed, nobody knows it. */
  create(draft: UserDraft, password?: string): Promise<User>
  change(operation: string, id: string, change: UserChange): Promise<Receipt>
  remove(id: string): Promise<Receipt>
  roles(operation: string): Promise<readonly Role[]>
  groups(operation: string): Promise<readonly Group[]>
  /** Whose credentials these are, as far as the profile can tell. */
  whoami(operation: string): Promise<LoggedIn | undefined>
  /** One user joins or leaves one group, the others stay. Absent where only the whole set can be written. */
  join?(id: string, group: string): Promise<Receipt>
  leave?(id: string, group: string): Promise<Receipt>
  /** Present where groups themselves can be changed. */
  readonly keeping?: GroupKeeping
  /** Revokes every token of the user. */
  endSessions?(id: string): Promise<Receipt>
}
