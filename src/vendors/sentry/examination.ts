import type { ApiProfile } from '../../model/account.ts'
import { VendorError } from '../../model/errors.ts'
import type { DoctorFinding, Route } from '../contract.ts'
import type { Client } from './client.ts'
import { kindOf } from './token.ts'
import { roleOf } from './wire.ts'

export interface Examined {
  readonly client: Client
  readonly token: string
  /** Where the calls go. */
  readonly origin: string
  readonly organization: string
  readonly profile: ApiProfile
  readonly sendInvite: boolean
}

/** What each scope, or any one of several, is for; docs.sentry.io/api/permissions. */
const scopesFor: readonly (readonly [purpose: string, ...anyOf: readonly string[]])[] = [
  ['knowing the organization', 'org:read', 'org:write', 'org:admin'],
  ['reading members', 'member:read', 'member:write', 'member:admin'],
  ['inviting', 'member:invite', 'member:write', 'member:admin'],
  ['changing roles and removing members', 'member:admin'],
  ['reading teams', 'team:read', 'team:write', 'team:admin'],
  ['joining and leaving teams', 'team:write', 'team:admin'],
]

const canNotChangeRoles =
  'it invites people as member and changes teams, but Sentry lets it neither change organization roles nor remove members'

/** What only Sentry has: regions, kinds of token, scopes, and the standing of the token's user. */
export async function* examine(examined: Examined): AsyncGenerator<DoctorFinding> {
  const { client, token, origin, organization, profile, sendInvite } = examined
  yield await attempt('region', async () => {
    const id = await client.organizationId('examine')
    return { state: 'ok', detail: `${organization} is organization ${id} at ${origin}` }
  }).then((finding) => wrongRegion(finding, examined))
  const self = await client.member('examine', 'me').catch((error: unknown) => asError(error))
  yield kindOfToken(token.trim(), profile, self instanceof VendorError ? self : undefined)
  yield await attempt('scopes', async () => lacks(await client.scopes('examine')))
  if (!(self instanceof VendorError)) yield standing(roleOf(self))
  if (profile === 'guide' && !sendInvite) {
    const detail = 'sendInvite: false has no effect in profile guide: Sentry mails every invitation'
    yield { check: 'invitations', state: 'warning', detail }
  }
}

/** An organization that is asked for in the wrong region is simply not there. */
function wrongRegion(
  finding: DoctorFinding & { readonly failure?: string },
  { origin, organization }: Examined,
): DoctorFinding {
  const { failure, ...told } = finding
  if (failure !== 'not-found') return told
  const detail = `${origin} knows no organization ${organization}: wrong slug, or it is kept in another region (settings.region: us or de)`
  return { ...told, state: 'failed', detail }
}

function kindOfToken(token: string, profile: ApiProfile, refusal: VendorError | undefined): DoctorFinding {
  const check = 'kind of token'
  if (token.startsWith('sntrys_')) {
    const detail = 'an organization token (sntrys_) has no member scopes; make a user auth token (sntryu_)'
    return { check, state: 'failed', detail }
  }
  // The guide has no path of one's own, so its absence there tells nothing.
  const isNobody = refusal?.failure === 'not-found' && profile !== 'guide'
  if (kindOf(token) === 'integration' || isNobody) {
    const scim = 'the token of native SCIM is of this kind too and works at its own address only'
    const detail = `an integration's token: ${canNotChangeRoles}; ${scim}; make a user auth token (sntryu_)`
    return { check, state: 'failed', detail }
  }
  if (refusal) return { check, state: 'unknown', detail: refusal.detail }
  return { check, state: 'ok', detail: 'a user auth token' }
}

function lacks(scopes: readonly string[]): Pick<DoctorFinding, 'state' | 'detail'> {
  const lacking = scopesFor.filter(([, ...anyOf]) => !anyOf.some((scope) => scopes.includes(scope)))
  if (lacking.length === 0) return { state: 'ok', detail: `has ${scopes.join(', ')}` }
  const lines = lacking.map(([purpose, ...anyOf]) => `${anyOf.join(' or ')} (${purpose})`)
  return { state: 'failed', detail: `lacks ${lines.join('; ')}` }
}

function standing(role: string): DoctorFinding {
  const check = 'role of the token’s user'
  if (role === 'owner') return { check, state: 'ok', detail: 'owner: may change everybody' }
  if (role === 'manager') {
    return {
      check,
      state: 'warning',
      detail: 'manager: may change everybody but owners, and cannot grant owner',
    }
  }
  const detail = `${role}: Sentry lets only owners and managers change members, whatever the scopes say`
  return { check, state: 'failed', detail }
}

async function attempt(
  check: string,
  look: () => Promise<Pick<DoctorFinding, 'state' | 'detail'>>,
): Promise<DoctorFinding & { readonly failure?: string }> {
  try {
    return { check, ...(await look()) }
  } catch (error) {
    const { failure, detail } = asError(error)
    const told = failure === 'not-found' ? `the vendor does not tell: ${detail}` : detail
    return { check, state: failure === 'missing-scope' ? 'failed' : 'unknown', detail: told, failure }
  }
}

function asError(error: unknown): VendorError {
  if (error instanceof VendorError) return error
  throw error
}

const organization = '/api/0/organizations/{organization}/'
const members = `${organization}members/`

const both: readonly Route[] = [
  { method: 'GET', path: organization, purpose: 'knowing the organization' },
  { method: 'GET', path: members, purpose: 'finding and listing members' },
  { method: 'GET', path: `${members}{member}/`, purpose: 'reading a member with teams; every proof' },
  { method: 'GET', path: `${organization}teams/`, purpose: 'the catalogue of teams' },
  { method: 'POST', path: members, purpose: 'inviting', writes: true },
  { method: 'PUT', path: `${members}{member}/`, purpose: 'organization role and team roles', writes: true },
  { method: 'DELETE', path: `${members}{member}/`, purpose: 'removing a member', writes: true },
  { method: 'POST', path: `${members}{member}/teams/{team}/`, purpose: 'joining a team', writes: true },
  { method: 'DELETE', path: `${members}{member}/teams/{team}/`, purpose: 'leaving a team', writes: true },
]

const keeping: readonly Route[] = [
  { method: 'POST', path: `${organization}teams/`, purpose: 'making a team (create: true)', writes: true },
  { method: 'PUT', path: '/api/0/teams/{organization}/{team}/', purpose: 'renaming a team', writes: true },
  { method: 'DELETE', path: '/api/0/teams/{organization}/{team}/', purpose: 'removing a team', writes: true },
]

const me: Route = {
  method: 'GET',
  path: `${members}me/`,
  purpose: 'knowing which member the token belongs to',
}
const index: Route = {
  method: 'GET',
  path: '/api/0/',
  purpose: 'knowing the scopes of the token',
  optional: true,
}

export function routes(profile: ApiProfile): readonly Route[] {
  return profile === 'guide' ? [{ ...me, optional: true }, ...both] : [index, me, ...both, ...keeping]
}
