import Type from 'typebox'
import { defineRestVendor, secret } from '../rest/define.ts'
import { nativeScim } from './native-scim.ts'

const source = {
  title: 'github.com/metabase/metabase, src/metabase/users_rest/api.clj',
  url: 'https://github.com/metabase/metabase',
  date: '2026-12-01',
  grade: 'vendor',
} as const
const memberships = { each: 'group', as: { id: '{each:integer}' } } as const

const people = {
  method: 'GET',
  path: 'user',
  at: 'data',
  paging: { by: 'offset', offset: 'offset', size: 'limit', most: 100, total: 'total' },
  partial: true,
} as const

export const metabase = defineRestVendor({
  id: 'metabase',
  name: 'Metabase',
  sources: [source],
  settings: Type.Object({ baseUrl: Type.String({ description: 'Address of the instance.' }) }),
  credentials: Type.Object({ apiKey: secret('API key of the group Administrators.') }),
  scopes: ['an API key in the group Administrators'],
  base: 'api/',
  auth: { 'x-api-key': '{apiKey}' },
  // Metabase publishes no limit; this pace is ours.
  limits: [{ requests: 20, perMs: 1_000, concurrent: 4 }],
  deprovision: { inactive: ['disable'], deleted: ['disable'] },
  can: {
    account: { create: 'direct', disable: true, switchLoses: ['group'], remove: false },
    correlateBy: ['email'],
    attributes: {
      email: { mutability: 'readWrite', required: true },
      givenName: { mutability: 'readWrite' },
      familyName: { mutability: 'readWrite' },
    },
    entitlements: {
      group: {
        perAccount: 'many',
        assigned: 'on-create',
        write: 'replace',
        perAssign: 50,
        perRevoke: 50,
        catalogue: 'fetched',
      },
    },
    groups: { rename: true, remove: true },
  },
  endpoints: {
    current: { method: 'GET', path: 'user/current', purpose: 'knowing what the key may do' },
    list: { ...people, purpose: 'listing people', query: { status: 'all' } },
    find: { ...people, purpose: 'finding people', query: { status: 'all', query: '{value}' } },
    get: { method: 'GET', path: 'user/{id}', purpose: 'reading a person with groups; every proof' },
    create: {
      method: 'POST',
      path: 'user',
      purpose: 'adding a person',
      body: {
        email: '{login}',
        first_name: '{givenName}',
        last_name: '{familyName}',
        user_group_memberships: memberships,
      },
    },
    update: {
      method: 'PUT',
      path: 'user/{id}',
      purpose: 'names, e-mail address and groups',
      body: { email: '{email}', first_name: '{givenName}', last_name: '{familyName}' },
    },
    assign: {
      method: 'PUT',
      path: 'user/{id}',
      purpose: 'names, e-mail address and groups',
      // Metabase refuses a set of groups that contradicts the flag.
      body: { user_group_memberships: memberships, is_superuser: '{isPrivileged}' },
    },
    off: { method: 'DELETE', path: 'user/{id}', purpose: 'deactivating' },
    on: { method: 'PUT', path: 'user/{id}/reactivate', purpose: 'reactivating' },
    groups: { method: 'GET', path: 'permissions/group', purpose: 'the catalogue of groups' },
    createGroup: {
      method: 'POST',
      path: 'permissions/group',
      purpose: 'making a group (create: true)',
      body: { name: '{name}' },
    },
    renameGroup: {
      method: 'PUT',
      path: 'permissions/group/{id}',
      purpose: 'renaming a group',
      body: { name: '{name}' },
    },
    removeGroup: { method: 'DELETE', path: 'permissions/group/{id}', purpose: 'removing a group' },
  },
  errors: [
    { status: 400, at: 'errors.email', says: ['already in use', 'already associated'], means: 'conflict' },
    { status: 400, text: 'A group with that name already exists.', means: 'conflict' },
    { status: 400, says: ['Not able to reactivate an active user'], of: ['on'], means: 'done' },
    { status: 400, says: ['for SSO users', 'last member of the'], means: 'forbidden' },
    { status: 403, text: "You don't have permissions to do that.", means: 'missing-scope' },
    { status: 404, text: 'Not found.', means: 'not-found' },
  ],
  account: {
    id: 'id:integer',
    login: 'email',
    profile: { email: 'email', givenName: 'first_name', familyName: 'last_name' },
    state: [{ at: 'is_active', is: false, means: 'disabled' }],
    holds: [{ kind: 'group', each: 'user_group_memberships', of: 'id:integer' }],
    createdAt: 'date_joined',
    facts: { source: 'sso_source', lastLoginAt: 'last_login', updatedAt: 'updated_at' },
    readOnly: { where: 'sso_source', attributes: ['givenName', 'familyName'] },
  },
  catalogue: {
    group: {
      id: 'id:integer',
      name: 'name',
      also: ['magic_group_type'],
      privileged: [
        { at: 'magic_group_type', is: 'admin' },
        { at: 'name', is: 'Administrators' },
      ],
      everybody: [
        { at: 'magic_group_type', is: 'all-internal-users' },
        { at: 'name', is: 'All Users' },
      ],
    },
  },
  tenant: 'host',
  demands: { at: 'is_superuser', is: true, otherwise: 'the API key is not in the group Administrators' },
  // prettier-ignore
  calls: {
    'create with its role': 1, 'read an account': 1, 'find by login': 2, 'change a name': 1, 'change the role': 2,
    'join a group': 2, 'make a group': 1, 'rename a group': 1, 'remove a group': 1, 'switch off': 1,
    'end tokens and sessions': null, remove: null, 'list 250 accounts': 3,
  },
  notes: [
    'Make the key under Admin settings > Authentication > API keys, in the group Administrators. If its group is removed, Metabase moves it to All Users, and every call is refused.',
    'A new person gets an invitation by mail where Metabase can send mail, and may sign in by single sign-on at once.',
    'People are never removed, only deactivated: Metabase has no other way. Their questions and dashboards stay.',
    'Who is reactivated is no administrator any more until a rule grants the group again.',
    'Names of people who come by single sign-on cannot be changed by REST.',
  ],
  nativeScim,
})
