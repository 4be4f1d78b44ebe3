import Type from 'typebox'
import { defineRestVendor, secret } from '../rest/define.ts'
import { nativeScim } from './native-scim.ts'

const members = 'accounts/{settings.account}/members'
const pages = {
  by: 'page',
  page: 'page',
  size: 'per_page',
  most: 50,
  total: 'result_info.total_count',
} as const

export const cloudflare = defineRestVendor({
  id: 'cloudflare',
  name: 'Cloudflare',
  sources: [
    {
      title: 'Cloudflare API, account members',
      url: 'https://developers.cloudflare.com/api/resources/accounts/subresources/members/',
      date: '2026-12-01',
      grade: 'vendor',
    },
    {
      title: 'Cloudflare API, rate limits',
      url: 'https://developers.cloudflare.com/fundamentals/api/reference/limits/',
      date: '2026-04-20',
      grade: 'vendor',
    },
    {
      title: 'github.com/Dwolla/cloudflare-public-api-client, answers of its tests',
      url: 'https://github.com/Dwolla/cloudflare-public-api-client',
      date: '2026-12-01',
      grade: 'unverified',
    },
  ],
  settings: Type.Object({
    account: Type.String({
      pattern: '^[0-9a-f]{32}$',
      description: 'Id of the account: 32 hexadecimal digits.',
    }),
  }),
  credentials: Type.Object({ token: secret('API token that the account owns.') }),
  scopes: ['Account Settings Write'],
  origin: 'https://api.cloudflare.com',
  base: 'client/v4/',
  auth: { authorization: 'Bearer {token}' },
  requestId: 'cf-ray',
  limits: [{ requests: 1_200, perMs: 300_000, concurrent: 10 }],
  deprovision: { inactive: ['remove'], deleted: ['remove'] },
  can: {
    account: { create: 'invite', disable: false, remove: true },
    correlateBy: ['email'],
    attributes: {
      email: { mutability: 'immutable', required: true },
      givenName: { mutability: 'readOnly' },
      familyName: { mutability: 'readOnly' },
    },
    entitlements: {
      role: {
        perAccount: 'many',
        assigned: 'on-create',
        write: 'replace',
        perAssign: 50,
        perRevoke: 50,
        catalogue: 'fetched',
      },
    },
  },
  endpoints: {
    current: {
      method: 'GET',
      path: 'accounts/{settings.account}',
      purpose: 'knowing the account',
      at: 'result',
    },
    list: {
      method: 'GET',
      path: members,
      purpose: 'finding and listing members',
      at: 'result',
      paging: pages,
    },
    get: { method: 'GET', path: `${members}/{id}`, purpose: 'reading a member; every proof', at: 'result' },
    create: {
      method: 'POST',
      path: members,
      purpose: 'inviting',
      body: { email: '{login}', roles: '{role}', status: 'pending' },
      at: 'result',
    },
    assign: {
      method: 'PUT',
      path: `${members}/{id}`,
      purpose: 'roles',
      body: { roles: { each: 'role', as: { id: '{each}' } } },
    },
    remove: { method: 'DELETE', path: `${members}/{id}`, purpose: 'removing a member' },
    roles: {
      method: 'GET',
      path: 'accounts/{settings.account}/roles',
      purpose: 'the catalogue of roles',
      at: 'result',
      paging: pages,
    },
  },
  errors: [
    { status: 400, at: 'errors.*.code', code: 6003, means: 'unauthenticated' },
    { status: 403, at: 'errors.*.code', code: 10_000, means: 'missing-scope' },
    { status: 403, at: 'errors.*.code', code: 9_109, means: 'missing-scope' },
    // The account itself is missed with the same code: only the words tell.
    { status: 404, at: 'errors.*.code', code: 1003, says: ['Member not found'], means: 'not-found' },
  ],
  account: {
    id: 'id',
    login: 'user.email',
    profile: { email: 'user.email', givenName: 'user.first_name', familyName: 'user.last_name' },
    state: [
      { at: 'status', is: 'pending', means: 'invited' },
      { at: 'status', is: 'rejected', means: 'disabled' },
    ],
    holds: [{ kind: 'role', each: 'roles', of: 'id' }],
    facts: { twoFactor: 'user.two_factor_authentication_enabled:boolean' },
  },
  catalogue: {
    role: {
      id: 'id',
      name: 'name',
      privileged: [
        { at: 'name', is: 'Super Administrator - All Privileges' },
        { at: 'name', is: 'Administrator' },
      ],
      everybody: [{ at: 'name', is: 'Minimal Account Access' }],
    },
  },
  tenant: 'id',
  // prettier-ignore
  calls: {
    'create with its role': 1, 'read an account': 1, 'find by login': 1, 'change a name': null, 'change the role': 2,
    'join a group': null, 'make a group': null, 'rename a group': null, 'remove a group': null, 'switch off': null,
    'end tokens and sessions': null, remove: 1, 'list 250 accounts': 5,
  },
  notes: [
    'Make the token under Manage Account > Account API Tokens, with Account Settings: Edit. A token of a person ends with that person.',
    'Everybody keeps Minimal Account Access; it is no role of a rule.',
    'Roles are written as a set for the whole account. Do not mix them with policies for single zones on one member: Cloudflare keeps one of the two.',
    'Cloudflare has no search by e-mail address: finding somebody goes through the list, 50 members a call.',
  ],
  nativeScim,
})
