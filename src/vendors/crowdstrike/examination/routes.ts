import type { ApiProfile, Route } from '../../contract.ts'

const token: Route = { method: 'POST', path: '/oauth2/token', purpose: 'getting a token' }

const current: readonly Route[] = [
  token,
  { method: 'GET', path: '/user-management/queries/users/v1', purpose: 'finding and listing users' },
  { method: 'POST', path: '/user-management/entities/users/GET/v1', purpose: 'reading users; every proof' },
  { method: 'GET', path: '/user-management/combined/user-roles/v2', purpose: 'reading the roles of a user' },
  { method: 'GET', path: '/user-management/queries/roles/v1', purpose: 'the catalogue of roles' },
  { method: 'POST', path: '/user-management/entities/roles/GET/v2', purpose: 'the names of roles' },
  { method: 'POST', path: '/user-management/entities/users/v1', purpose: 'making a user', writes: true },
  { method: 'PATCH', path: '/user-management/entities/users/v1', purpose: 'changing names', writes: true },
  { method: 'DELETE', path: '/user-management/entities/users/v1', purpose: 'removing a user', writes: true },
  {
    method: 'POST',
    path: '/user-management/entities/user-role-actions/v1',
    purpose: 'granting and revoking roles',
    writes: true,
  },
]

const users = '/users/entities/users/v1'
const roles = '/user-roles/entities/user-roles/v1'
const held = '/user-roles/queries/user-role-ids-by-user-uuid/v1'

const shared: readonly Route[] = [
  token,
  { method: 'GET', path: users, purpose: 'reading users; every proof' },
  { method: 'GET', path: held, purpose: 'reading the roles of a user' },
  { method: 'GET', path: roles, purpose: 'the names of roles' },
  { method: 'POST', path: users, purpose: 'making a user', writes: true },
  { method: 'PATCH', path: users, purpose: 'changing names', writes: true },
  { method: 'DELETE', path: users, purpose: 'removing a user', writes: true },
  { method: 'POST', path: roles, purpose: 'granting roles', writes: true },
  { method: 'DELETE', path: roles, purpose: 'revoking roles', writes: true },
]

const byProfile: { readonly [P in ApiProfile]: readonly Route[] } = {
  current,
  guide: [
    ...shared,
    { method: 'GET', path: '/users/queries/user-uids/v1', purpose: 'finding and listing users' },
    { method: 'GET', path: '/user-roles/queries/roles/v1', purpose: 'the catalogue of roles' },
  ],
  legacy: [
    ...shared,
    { method: 'GET', path: '/users/queries/user-uuids-by-cid/v1', purpose: 'listing users' },
    // Its 404 says that nobody has the address.
    {
      method: 'GET',
      path: '/users/queries/user-uuids-by-email/v1',
      purpose: 'finding users',
      optional: true,
    },
    { method: 'GET', path: '/user-roles/queries/user-role-ids-by-cid/v1', purpose: 'the catalogue of roles' },
  ],
}

export function routes(profile: ApiProfile): readonly Route[] {
  return byProfile[profile]
}
