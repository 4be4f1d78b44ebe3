import type { ApiProfile } from '../../model/account.ts'
import { VendorError } from '../../model/errors.ts'
import type { DoctorFinding, Route } from '../contract.ts'
import type { Reach } from './client.ts'
import { isCalled, type Session } from './session.ts'
import type { SentineloneSettings } from './settings.ts'

export interface Examined {
  readonly session: Session
  readonly apiToken: string
  readonly profile: ApiProfile
  readonly settings: SentineloneSettings
  /** Where the calls go. */
  readonly origin: string
}

type Told = Pick<DoctorFinding, 'state' | 'detail'>

/** What only SentinelOne has: a console of one's own, and a token that reaches as far as its owner. */
export async function* examine(examined: Examined): AsyncGenerator<DoctorFinding> {
  const { session, profile, settings, origin, apiToken } = examined
  yield { check: 'kind of token', ...kindOf(apiToken) }
  const reach = await attempt(() => session.reached('examine'))
  if (reach instanceof VendorError) {
    yield { check: 'console', state: 'unknown', detail: `${origin}: ${reach.detail}` }
    return
  }
  const { account } = reach
  const name = account.name === undefined ? account.id : `${account.name} (${account.id})`
  yield { check: 'console', state: 'ok', detail: `${origin}, account ${name}` }
  yield { check: 'scope of the token', ...(await scopeOf(session, reach)) }
  yield { check: 'role of the token’s owner', ...standing(reach, profile) }
  yield { check: 'quarantine role', ...(await quarantine(session, reach, settings)) }
  if (profile === 'guide' && settings.onboarding === false) {
    const detail = 'onboarding: false has no effect in profile guide: the console mails every invitation'
    yield { check: 'invitations', state: 'warning', detail }
  }
}

function kindOf(token: string): Told {
  if (/^(apitoken|bearer|token)\s/i.test(token.trim())) {
    return { state: 'failed', detail: 'the scheme was pasted with the token; give the token alone' }
  }
  return { state: 'ok', detail: 'sent as ApiToken; a token of the console’s SCIM is another one' }
}

/** A token has the scope of its owner. */
async function scopeOf({ client }: Session, reach: Reach): Promise<Told> {
  const scopes = await attempt(() => client.scopes('examine', reach))
  if (scopes instanceof VendorError) return { state: 'unknown', detail: scopes.detail }
  const named = scopes
    .slice(0, 10)
    .map(({ scope, name }) =>
      scope.level === 'tenant' ? 'the tenant' : `${scope.level} ${name ?? scope.id}`,
    )
  const more = scopes.length > named.length ? `, and ${scopes.length - named.length} more` : ''
  const detail = `roles can be given in ${named.join(', ')}${more}`
  const isOfSites = scopes.every(({ scope }) => scope.level === 'site') && reach.home[0].level === 'site'
  if (!isOfSites || !('siteIds' in reach.narrowedTo)) return { state: 'ok', detail }
  return { state: 'warning', detail: `${detail}; a token of a site reaches nobody of the account beside it` }
}

/** Whether a role of a tenant’s own has them cannot be read. */
function standing({ selfRoles }: Reach, profile: ApiProfile): Told {
  if (selfRoles.length === 0) return { state: 'unknown', detail: 'the console does not tell it' }
  const list = selfRoles.join(', ')
  if (selfRoles.some((role) => isCalled({ id: role }, 'Admin'))) {
    return { state: 'ok', detail: `${list}: may do everything that is needed` }
  }
  if (selfRoles.every((role) => isCalled({ id: role }, 'Viewer'))) {
    return { state: 'failed', detail: `${list}: may read and change nobody; it needs the role Admin` }
  }
  const needed = 'Users: View, Create, Edit, Delete, Revoke other users’ API tokens; Roles: View; Sites: View'
  const forTokens =
    profile === 'current' ? ', and Users.allowGenerateApiToken for rules that set canGenerateApiToken' : ''
  const detail = `${list}: no role of the console’s own that has all of ${needed}${forTokens}`
  return { state: 'warning', detail }
}

async function quarantine(
  session: Session,
  reach: Reach,
  { quarantineRole }: SentineloneSettings,
): Promise<Told> {
  if (quarantineRole === undefined) {
    const detail = 'none is set: whoever is shut out is removed, and must be invited anew on a return'
    return { state: 'ok', detail }
  }
  const role = await attempt(() => session.quarantine('examine', reach))
  if (role instanceof VendorError) {
    return { state: role.failure === 'invalid' ? 'failed' : 'unknown', detail: role.detail }
  }
  if (role && isCalled(role, 'Viewer')) {
    return { state: 'warning', detail: 'Viewer reads threat data: make a role without permissions' }
  }
  return { state: 'ok', detail: `${role?.name} exists; that it permits nothing cannot be read` }
}

async function attempt<T>(look: () => Promise<T>): Promise<T | VendorError> {
  try {
    return await look()
  } catch (error) {
    if (error instanceof VendorError) return error
    throw error
  }
}

const base = '/web/api/v2.1'

const shared: readonly Route[] = [
  { method: 'GET', path: `${base}/users`, purpose: 'finding and listing users' },
  { method: 'GET', path: `${base}/users/{user}`, purpose: 'reading a user; every proof' },
  { method: 'POST', path: `${base}/users`, purpose: 'making a user', writes: true },
  { method: 'PUT', path: `${base}/users/{user}`, purpose: 'changing a name or roles', writes: true },
  { method: 'DELETE', path: `${base}/users/{user}`, purpose: 'removing a user', writes: true },
]

const byProfile = {
  current: [
    { method: 'GET', path: `${base}/user`, purpose: "the token's owner and scope" },
    { method: 'GET', path: `${base}/accounts`, purpose: 'finding an account by name' },
    { method: 'GET', path: `${base}/sites`, purpose: 'finding sites by name' },
    // One of the two is enough: older consoles know the former path.
    { method: 'GET', path: `${base}/rbac/roles`, purpose: 'the catalogue of roles', optional: true },
    { method: 'GET', path: `${base}/user-roles`, purpose: 'the catalogue of roles', optional: true },
    ...shared,
    { method: 'POST', path: `${base}/users/revoke-api-token`, purpose: 'ending API tokens', writes: true },
  ],
  guide: [
    { method: 'GET', path: `${base}/users/login/by-token`, purpose: "the token's owner and account" },
    { method: 'GET', path: `${base}/user-roles`, purpose: 'the catalogue of roles' },
    ...shared,
    {
      method: 'POST',
      path: `${base}/users/{user}/revoke-api-token`,
      purpose: 'ending API tokens',
      writes: true,
    },
  ],
} as const satisfies { readonly [P in ApiProfile]?: readonly Route[] }

export function routes(profile: ApiProfile): readonly Route[] {
  return profile === 'guide' ? byProfile.guide : byProfile.current
}
