import type { NativeScimFacts, Source } from '../native-scim.ts'

const guide: Source = {
  title: 'Stitchflow, SentinelOne user management API guide (undated)',
  date: '2026-11-21',
  grade: 'unverified',
}
const pricing: Source = {
  title: 'sentinelone.com/pricing, as read by the SCIM Tax Index (Iden, CC BY 4.0)',
  url: 'https://www.sentinelone.com/pricing/',
  date: '2026-10-05',
  grade: 'survey',
}

const users = '/web/api/v2.1/users'
const writing = { current: `POST, PUT, DELETE ${users}`, guide: `POST, PUT, DELETE ${users}` }
const token = { current: 'Authorization: ApiToken …', guide: 'Authorization: ApiToken …' }

/** What SentinelOne's own SCIM is said to be part of and to lack. Nothing public of the vendor documents it. */
export const nativeScim: NativeScimFacts = {
  nativeScim: {
    offered: 'said to come with Singularity Enterprise, once SAML single sign-on is set up',
    operations: 'said to be Users: GET, POST, PUT, PATCH (active=false). Groups: POST, PATCH',
    token: 'Settings > SSO',
    sign: 'the user’s source is scim',
    source: guide,
  },
  plans: [
    {
      name: 'Singularity Core',
      nativeScim: 'no',
      price: '$69.99 an endpoint and year',
      priceSource: pricing,
    },
    {
      name: 'Singularity Control',
      nativeScim: 'no',
      price: '$79.99 an endpoint and year',
      priceSource: pricing,
    },
    {
      name: 'Singularity Complete',
      nativeScim: 'no',
      price: '$179.99 an endpoint and year',
      priceSource: pricing,
    },
    {
      name: 'Singularity Commercial',
      nativeScim: 'unknown',
      price: '$229.99 an endpoint and year',
      priceSource: pricing,
    },
    { name: 'Singularity Enterprise', nativeScim: 'yes', price: 'on request', priceSource: guide },
  ],
  limitations: [
    {
      id: 'okta-only',
      text: 'described for Okta only; Entra ID and OneLogin may work',
      bridge: 'any client of SCIM 2.0 pushes to Drawbridge, which calls the console',
      routes: writing,
      remains: 'nothing',
      source: guide,
    },
    {
      id: 'sso-first',
      text: 'SAML single sign-on must be set up before SCIM can be switched on',
      bridge: 'a service user’s API token is enough',
      routes: token,
      remains: 'with onboarding on, each new user is invited by mail',
      source: guide,
    },
    {
      id: 'endpoint-and-token',
      text: 'address and token are made in the console, and change when single sign-on is set up again',
      bridge:
        'the identity provider knows the address and a token of Drawbridge alone; neither depends on single sign-on',
      routes: token,
      remains: 'API tokens of SentinelOne end too; their end is shown in time',
      source: guide,
    },
    {
      id: 'deactivates-only',
      text: 'a leaver is deactivated, not deleted, and keeps the API token',
      bridge:
        'roles are taken away or the user is deleted, as configured; the API token is revoked every time',
      routes: {
        current: `PUT, DELETE ${users}/{user}, POST ${users}/revoke-api-token`,
        guide: `PUT, DELETE ${users}/{user}, POST ${users}/{user}/revoke-api-token`,
      },
      remains: 'public material shows no off switch outside the guide',
      source: guide,
    },
    {
      id: 'groups-mapped-by-hand',
      text: 'which role or site a Group means is mapped by hand in the identity provider',
      bridge: 'rules name role and scope, by name; they are looked up in the tenant',
      routes: { current: 'GET /web/api/v2.1/rbac/roles', guide: 'GET /web/api/v2.1/user-roles' },
      remains: 'a user’s roles are all of one scope level',
      source: guide,
    },
    {
      id: 'plan',
      text: 'only with Singularity Enterprise, not Core, Control or Complete',
      bridge: 'the management API is part of every console',
      routes: writing,
      remains: 'nothing that is known',
      source: guide,
    },
  ],
}
