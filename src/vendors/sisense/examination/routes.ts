import type { ApiProfile, Route } from '../contract.ts'

const v1 = '/api/v1'

const both: readonly Route[] = [
  { method: 'POST', path: `${v1}/authentication/login`, purpose: 'a token for a user name and a password' },
  { method: 'GET', path: `${v1}/users`, purpose: 'finding and listing users' },
  { method: 'GET', path: `${v1}/users/{user}`, purpose: 'reading a user; every proof' },
  { method: 'GET', path: `${v1}/groups`, purpose: 'the catalogue of groups' },
  {
    method: 'PATCH',
    path: `${v1}/users/{user}`,
    purpose: 'profile, role, groups, the off switch',
    writes: true,
  },
  { method: 'DELETE', path: `${v1}/users/{user}`, purpose: 'removing a user', writes: true },
  { method: 'POST', path: `${v1}/users`, purpose: 'making a user', writes: true },
]

/** One of the two is enough: the other is tried when the first is not there. */
const roles: readonly Route[] = [
  { method: 'GET', path: '/api/roles', purpose: 'the catalogue of roles', optional: true },
  { method: 'GET', path: `${v1}/roles`, purpose: 'the catalogue of roles', optional: true },
]

/** Where a route has a twin, the other one is tried when this one is not there. */
const current: readonly Route[] = [
  ...both,
  ...roles,
  { method: 'GET', path: '/api/users/loggedin', purpose: 'knowing whose token it is, and its role' },
  { method: 'GET', path: '/api/users', purpose: 'finding users whatever the letter case' },
  {
    method: 'POST',
    path: '/api/users',
    purpose: 'making a user without a mail (createVia: v09)',
    writes: true,
  },
  { method: 'POST', path: '/api/groups/{group}/users', purpose: 'joining a group alone', writes: true },
  { method: 'DELETE', path: '/api/groups/{group}/users', purpose: 'leaving a group alone', writes: true },
  {
    method: 'GET',
    path: `${v1}/authentication/admin/logout`,
    purpose: 'ending sessions and tokens in a shut-out',
    writes: true,
  },
]

const guide: readonly Route[] = [...both, ...roles]

export function routes(profile: ApiProfile): readonly Route[] {
  return profile === 'guide' ? guide : current
}
