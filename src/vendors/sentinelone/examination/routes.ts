import type { ApiProfile, Route } from '../../contract.ts'

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
