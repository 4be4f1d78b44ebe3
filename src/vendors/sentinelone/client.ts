import type { Scope } from '../../model/account.ts'
import type { AccountSettings } from '../../model/capabilities.ts'
import { VendorError } from '../../model/errors.ts'
import type { Call } from '../kit/http.ts'
import type { Paginator } from '../kit/paginate.ts'
import type { SentineloneSettings } from './settings.ts'
import type { ConsoleUser, HeldRole } from './wire.ts'
import { failure } from './errors.ts'

/** Largest page; without `limit` the console gives 10. */
export const pageSize = 1000

type Described = Omit<Call, 'pathClass' | 'needs'>

function setsTokens(body: unknown): boolean {
  const { data } = (body ?? {}) as { readonly data?: object }
  return data !== undefined && 'canGenerateApiToken' in data
}

/** Calls by the class of paths that share a rate limit. */
export const calls = {
  whoami: (call: Described): Call => ({ ...call, pathClass: 'user', needs: 'Users: View' }),
  places: (call: Described): Call => ({ ...call, pathClass: 'places', needs: 'Sites: View' }),
  roles: (call: Described): Call => ({ ...call, pathClass: 'rbac', needs: 'Roles: View' }),
  readUsers: (call: Described): Call => ({ ...call, pathClass: 'users', needs: 'Users: View' }),
  /** The switch for API tokens takes a permission of its own: the public description of `PUT /users/{user_id}`, read in 2026-12. */
  writeUsers: (call: Described): Call => ({
    ...call,
    pathClass: 'users',
    needs: setsTokens(call.body) ? 'Users: Edit, and Users.allowGenerateApiToken' : 'Users: Edit',
  }),
  revokeTokens: (call: Described): Call => ({
    ...call,
    pathClass: 'users',
    needs: "Users: Revoke other users' API tokens",
  }),
}

/** `pagination.nextCursor` until there is none; some lists end with an empty page. */
export const byCursor: Paginator = ({ body }, { operation, pathClass, query = {} }) => {
  const { pagination, data } = body as {
    readonly pagination?: { readonly nextCursor?: string | null }
    readonly data?: unknown
  }
  // A list that is full to the brim and does not say whether it goes on must not pass for all.
  if (!pagination && Array.isArray(data) && data.length >= Number(query['limit']))
    throw failure('unexpected', operation, 'a full page without pagination', { pathClass })
  return pagination?.nextCursor ? { cursor: pagination.nextCursor } : undefined
}

export function is(error: unknown, failure: VendorError['failure']): error is VendorError {
  return error instanceof VendorError && error.failure === failure
}

export function fold(text: string): string {
  return text.trim().toLowerCase()
}

/** An account or a site. Ids are 18 to 19 digits: texts, never numbers. */
export interface Place {
  readonly id: string
  readonly name?: string | undefined
}

/** A scope that roles can be given in, and how people write it. */
export interface NamedScope {
  readonly scope: Scope
  readonly name?: string | undefined
}

/** Where the token leads: whose it is, which account it works in, and where roles can be given. */
export interface Reach {
  readonly self: string
  readonly selfRoles: readonly string[]
  readonly account: Place
  /** Meant by rules that name no scope. */
  readonly home: readonly [Scope, ...Scope[]]
  /** Roles can be given for the whole tenant. */
  readonly tenantWide: boolean
  /** Narrows lists and searches to what this connection is about. */
  readonly narrowedTo: Readonly<Record<string, string>>
}

/** A role and where it can be given; `id` is what the profile writes. */
export interface ConsoleRole {
  readonly id: string
  readonly name: string
  /** Absent: in every scope. */
  readonly definedAt?: Scope | undefined
}

/** Roles to write, all of one level, never none. */
export interface RoleSet {
  readonly level: Scope['level']
  readonly roles: readonly [HeldRole, ...HeldRole[]]
}

interface UserDraft extends RoleSet {
  readonly login: string
  readonly fullName: string
  readonly password?: string | undefined
  readonly settings?: AccountSettings | undefined
}

interface UserChange {
  readonly fullName?: string | undefined
  readonly settings?: AccountSettings | undefined
}

/** What each API profile implements in a file of its own. `operation` names the call in logs and errors. */
export interface Client {
  /** One small read that only a console of this profile answers in this form. */
  probe(): Promise<boolean>
  /** Reads anew where the token leads. */
  reach(operation: string, settings: SentineloneSettings): Promise<Reach>
  /** Every scope below the account that a rule can name, home included. */
  scopes(operation: string, reach: Reach): Promise<readonly NamedScope[]>
  roles(operation: string, reach: Reach): Promise<readonly ConsoleRole[]>
  users(operation: string, reach: Reach): AsyncGenerator<readonly ConsoleUser[]>
  /** Undefined when there is no such user, also not when asked for in another way. */
  user(operation: string, reach: Reach, id: string): Promise<ConsoleUser | undefined>
  /** Users whose address may be this one. */
  search(operation: string, reach: Reach, email: string): Promise<readonly ConsoleUser[]>
  create(reach: Reach, draft: UserDraft): Promise<ConsoleUser>
  change(reach: Reach, id: string, change: UserChange): Promise<void>
  /** Writes the whole set of roles, and settings when given. */
  setRoles(reach: Reach, id: string, set: RoleSet, settings?: AccountSettings): Promise<void>
  remove(id: string): Promise<void>
  revokeToken(id: string): Promise<void>
  /** Present where the profile has an off switch. */
  setActive?(id: string, active: boolean): Promise<void>
  /** Whether settings of users are shown and can be written. */
  readonly keepsSettings: boolean
}
