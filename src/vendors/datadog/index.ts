import Type from 'typebox'
import { defineRestVendor, secret } from '../rest/define.ts'
import { nativeScim } from './native-scim.ts'

const sites = [
  'datadoghq.com',
  'us3.datadoghq.com',
  'us5.datadoghq.com',
  'datadoghq.eu',
  'ap1.datadoghq.com',
  'ap2.datadoghq.com',
  'uk1.datadoghq.com',
  'ddog-gov.com',
  'us2.ddog-gov.com',
] as const
const pages = {
  by: 'page',
  page: 'page[number]',
  first: 0,
  size: 'page[size]',
  most: 100,
  total: 'meta.page.total_filtered_count',
} as const
const writing = { method: 'PATCH', path: 'users/{id}', purpose: 'name, e-mail address, off and on' } as const
const user = { type: 'users', id: '{id}' } as const

export const datadog = defineRestVendor({
  id: 'datadog',
  name: 'Datadog',
  sources: [
    {
      title: 'Datadog API, users and roles',
      url: 'https://docs.datadoghq.com/api/latest/users/',
      date: '2026-12-01',
      grade: 'vendor',
    },
    {
      title: 'github.com/DataDog/datadog-api-client-go, recorded answers of its tests',
      url: 'https://github.com/DataDog/datadog-api-client-go',
      date: '2026-12-01',
      grade: 'vendor',
    },
  ],
  settings: Type.Object({
    site: Type.Optional(
      Type.Enum(sites, {
        default: 'datadoghq.com',
        description: 'The Datadog site, as the address in the browser names it.',
      }),
    ),
  }),
  credentials: Type.Object({
    apiKey: secret('API key of the organization.'),
    applicationKey: secret('Application key, best of a service account.'),
  }),
  scopes: ['user_access_manage', 'user_access_invite', 'user_access_read'],
  origin: 'https://api.{settings.site}',
  base: 'api/v2/',
  auth: { 'dd-api-key': '{apiKey}', 'dd-application-key': '{applicationKey}' },
  // Limits are told by headers and not published; this pace is ours.
  limits: [{ requests: 10, perMs: 1_000, concurrent: 4 }],
  waits: ['x-ratelimit-reset', 'retry-after'],
  deprovision: { inactive: ['disable'], deleted: ['disable'] },
  can: {
    account: { create: 'invite', disable: true, remove: false },
    correlateBy: ['email'],
    attributes: {
      email: { mutability: 'readWrite', required: true },
      displayName: { mutability: 'readWrite' },
    },
    entitlements: {
      role: {
        perAccount: 'many',
        assigned: 'on-create',
        write: 'delta',
        perAssign: 1,
        perRevoke: 1,
        catalogue: 'fetched',
      },
    },
  },
  endpoints: {
    current: { method: 'GET', path: 'current_user', purpose: 'knowing whose key it is', at: 'data' },
    list: { method: 'GET', path: 'users', purpose: 'listing people', at: 'data', paging: pages },
    find: {
      method: 'GET',
      path: 'users',
      purpose: 'finding people',
      query: { filter: '{value}' },
      at: 'data',
      paging: pages,
    },
    get: { method: 'GET', path: 'users/{id}', purpose: 'reading a person; every proof', at: 'data' },
    create: {
      method: 'POST',
      path: 'users',
      purpose: 'adding a person',
      needs: 'user_access_invite',
      body: {
        data: {
          type: 'users',
          attributes: { email: '{login}', name: '{displayName}' },
          relationships: { roles: { data: { each: 'role', as: { type: 'roles', id: '{each}' } } } },
        },
      },
      at: 'data',
    },
    update: {
      ...writing,
      body: { data: { ...user, attributes: { email: '{email}', name: '{displayName}' } } },
    },
    off: {
      ...writing,
      body: { data: { ...user, attributes: { disabled: true } } },
    },
    on: {
      ...writing,
      body: { data: { ...user, attributes: { disabled: false } } },
    },
    roles: { method: 'GET', path: 'roles', purpose: 'the catalogue of roles', at: 'data', paging: pages },
    grantRole: {
      method: 'POST',
      path: 'roles/{entitlement}/users',
      purpose: 'granting a role',
      body: { data: user },
    },
    revokeRole: {
      method: 'DELETE',
      path: 'roles/{entitlement}/users',
      purpose: 'taking a role away',
      body: { data: user },
    },
  },
  errors: [
    // Whoever has good keys may read themselves: there is no permission for it that could be lacking.
    { status: 403, of: ['current'], means: 'unauthenticated' },
    { status: 403, says: ['Forbidden', 'permission'], means: 'missing-scope' },
    { status: 404, says: ['not found'], naming: 'path', means: 'not-found' },
  ],
  account: {
    id: 'id',
    login: 'attributes.email',
    profile: { email: 'attributes.email', displayName: 'attributes.name' },
    state: [
      { at: 'attributes.disabled', is: true, means: 'disabled' },
      { at: 'attributes.status', is: 'Pending', means: 'invited' },
    ],
    holds: [{ kind: 'role', each: 'relationships.roles.data', of: 'id' }],
    createdAt: 'attributes.created_at',
    facts: {
      updatedAt: 'attributes.modified_at',
      lastLoginAt: 'attributes.last_login_time',
      twoFactor: 'attributes.mfa_enabled:boolean',
      emailVerified: 'attributes.verified:boolean',
    },
    service: { at: 'attributes.service_account', is: true },
  },
  catalogue: {
    role: {
      id: 'id',
      name: 'attributes.name',
      privileged: [{ at: 'attributes.name', is: 'Datadog Admin Role' }],
    },
  },
  tenant: 'relationships.org.data.id',
  self: 'id',
  // prettier-ignore
  calls: {
    'create with its role': 1, 'read an account': 1, 'find by login': 1, 'change a name': 1, 'change the role': 1,
    'join a group': null, 'make a group': null, 'rename a group': null, 'remove a group': null, 'switch off': 1,
    'end tokens and sessions': null, remove: null, 'list 250 accounts': 3,
  },
  notes: [
    'Make the application key of a service account: the key of a person ends with that person. A key of another site is refused as wrong.',
    'No mail is sent. A new person signs in by single sign-on; otherwise send the invitation in Datadog, where it lives for two days.',
    'Datadog writes e-mail addresses in small letters. Names have at most 55 characters.',
    'Service accounts are in the same list; Drawbridge never touches them.',
    'A person without a role can sign in and sees nothing.',
    'Teams are left alone.',
  ],
  nativeScim,
})
