import type { ApiProfile, Route } from '../../contract.ts'

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
