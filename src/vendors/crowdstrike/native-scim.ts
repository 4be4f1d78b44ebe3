import type { NativeScimFacts, Source } from '../native-scim.ts'

const guide: Source = {
  title: 'Stitchflow, CrowdStrike user management API guide',
  date: '2026-03-09',
  grade: 'unverified',
}
const pricing: Source = {
  title: 'crowdstrike.com/pricing, as read by the SCIM Tax Index (Iden, CC BY 4.0)',
  url: 'https://www.crowdstrike.com/en-us/pricing/',
  date: '2026-10-05',
  grade: 'survey',
}

const users = {
  current: '/user-management/entities/users/v1',
  legacy: '/users/entities/users/v1',
  guide: '/users/entities/users/v1',
}
const roles = {
  current: 'POST /user-management/entities/user-role-actions/v1',
  legacy: 'POST, DELETE /user-roles/entities/user-roles/v1',
  guide: 'POST, DELETE /user-roles/entities/user-roles/v1',
}
const token = { current: 'POST /oauth2/token', legacy: 'POST /oauth2/token', guide: 'POST /oauth2/token' }
const writing = (methods: string) => ({
  current: `${methods} ${users.current}`,
  legacy: `${methods} ${users.legacy}`,
  guide: `${methods} ${users.guide}`,
})

/** What Falcon's own SCIM is said to be part of and to lack. CrowdStrike's public API material shows no SCIM at all. */
export const nativeScim: NativeScimFacts = {
  nativeScim: {
    offered: 'said to come with Falcon Enterprise and above, once SAML single sign-on is set up',
    operations: 'said to be Users: GET, POST, PUT, PATCH (active=false). Groups: POST',
    token: 'the SSO and SCIM page of the Falcon console',
    source: guide,
  },
  plans: [
    { name: 'Falcon Go', nativeScim: 'no', price: '$59.99 a device and year', priceSource: pricing },
    { name: 'Falcon Pro', nativeScim: 'no', price: '$99.99 a device and year', priceSource: pricing },
    { name: 'Falcon Enterprise', nativeScim: 'yes', price: '$184.99 a device and year', priceSource: guide },
    { name: 'Falcon Complete', nativeScim: 'unknown', price: 'on request', priceSource: pricing },
  ],
  limitations: [
    {
      id: 'sso-first',
      text: 'SAML single sign-on must be active before SCIM can be switched on',
      bridge: 'an API client is enough',
      routes: token,
      remains: 'without single sign-on Falcon mails each new user an activation link',
      source: guide,
    },
    {
      id: 'provider-only',
      text: 'works only as the far end of an Okta, Entra ID or OneLogin app',
      bridge: 'any client of SCIM 2.0 pushes to Drawbridge, which calls Falcon',
      routes: writing('POST, PATCH, DELETE'),
      remains: 'nothing',
      source: guide,
    },
    {
      id: 'google-workspace',
      text: 'Google Workspace is not among the identity providers that it takes',
      bridge: 'whatever can push SCIM to Drawbridge reaches Falcon',
      routes: writing('POST, PATCH, DELETE'),
      remains: 'Google Workspace pushes only to apps of its own catalogue: another client has to push',
      source: guide,
    },
    {
      id: 'token-rotation',
      text: 'a new SCIM token means to set the identity provider up again',
      bridge:
        'several tokens of Drawbridge are valid at once; the API client’s secret changes without the identity provider',
      routes: token,
      remains: 'nothing',
      source: guide,
    },
    {
      id: 'plan',
      text: 'only with Enterprise and above',
      bridge: 'the user management API comes with the console',
      routes: writing('POST, PATCH, DELETE'),
      remains: 'nothing that is known',
      source: guide,
    },
    {
      id: 'groups-post-only',
      text: 'Groups can be made and not changed: members and roles do not follow',
      bridge: 'rules turn membership into roles, granted and revoked one difference at a time',
      routes: roles,
      remains: 'roles that come through a Falcon user group cannot be revoked from a user',
      source: guide,
    },
    {
      id: 'no-delete',
      text: 'users are deactivated and not deleted',
      bridge: 'inactive takes all roles away and reads them back; deleted removes the user',
      routes: { ...roles, current: `${roles.current}, DELETE ${users.current}` },
      remains: 'Falcon’s REST API has no off switch: who is stripped can still sign in',
      source: guide,
    },
  ],
}
