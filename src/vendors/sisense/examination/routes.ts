import type { ApiProfile, Route } from '../../contract.ts'

/** `base` is `/api/v1`; in the guide also `/api/v0.9`, whichever answers. */
const shared = (base: string): readonly Route[] => [
  { method: 'POST', path: `${base}/authentication/login`, purpose: 'a token for a user name and a password' },
  { method: 'GET', path: `${base}/users`, purpose: 'finding and listing users' },
  { method: 'GET', path: `${base}/users/{user}`, purpose: 'reading a user; every proof' },
  { method: 'GET', path: `${base}/groups`, purpose: 'the catalogue of groups' },
  {
    method: 'PATCH',
    path: `${base}/users/{user}`,
    purpose: 'profile, role, groups, the off switch',
    writes: true,
  },
  { method: 'DELETE', path: `${base}/users/{user}`, purpose: 'removing a user', writes: true },
  { method: 'POST', path: `${base}/users`, purpose: 'making a user', writes: true },
]

/** One of the two is enough: the other is tried when the first is not there. */
const roles = (base: string): readonly Route[] => [
  { method: 'GET', path: '/api/roles', purpose: 'the catalogue of roles', optional: true },
  { method: 'GET', path: `${base}/roles`, purpose: 'the catalogue of roles', optional: true },
]

/** Where a route has a twin, the other one is tried when this one is not there. */
const current: readonly Route[] = [
  ...shared('/api/v1'),
  ...roles('/api/v1'),
  { method: 'GET', path: '/api/users/loggedin', purpose: 'knowing whose token it is, and its role' },
  { method: 'GET', path: '/api/users', purpose: 'finding users whatever the letter case' },
  {
    method: 'POST',
    path: '/api/users',
    purpose: 'making a user without a mail (createVia: v09)',
    writes: true,
  },
  { method: 'POST', path: '/api/v1/groups', purpose: 'making a group (create: true)', writes: true },
  { method: 'PUT', path: '/api/groups/{group}', purpose: 'renaming a group', writes: true },
  { method: 'DELETE', path: '/api/v1/groups/{group}', purpose: 'removing a group', writes: true },
  { method: 'POST', path: '/api/groups/{group}/users', purpose: 'joining a group alone', writes: true },
  { method: 'DELETE', path: '/api/groups/{group}/users', purpose: 'leaving a group alone', writes: true },
  {
    method: 'GET',
    path: '/api/v1/authentication/admin/logout',
    purpose: 'ending sessions and tokens in a shut-out',
    writes: true,
  },
]

const guide: readonly Route[] = [...shared('/api/{version}'), ...roles('/api/{version}')]

export function routes(profile: ApiProfile): readonly Route[] {
  return profile === 'guide' ? guide : current
}
