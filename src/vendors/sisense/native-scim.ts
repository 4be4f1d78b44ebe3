import type { NativeScimFacts, Source } from '../native-scim.ts'

const guide: Source = {
  title: 'Stitchflow, Sisense user management API guide',
  date: '2026-03-16',
  grade: 'unverified',
}
const pricing: Source = {
  title: 'sisense.com/plans, as read by the SCIM Tax Index (Iden, CC BY 4.0)',
  url: 'https://www.sisense.com/plans/',
  date: '2026-10-05',
  grade: 'survey',
}

const users = '/api/v1/users'
const writing = { current: `POST, PATCH, DELETE ${users}`, guide: `POST, PATCH, DELETE ${users}` }
const authentication = { current: 'Authorization: Bearer …', guide: 'POST /api/v1/authentication/login' }

/** What the SCIM of Sisense Fusion is said to be part of and to lack. Its public specifications show none. */
export const nativeScim: NativeScimFacts = {
  nativeScim: {
    offered: 'said to come with Enterprise, once single sign-on is active',
    operations: 'said to be Users: GET, POST, PUT, PATCH, DELETE. Groups: GET, POST, PATCH, DELETE',
    token: 'Admin > Security',
    source: guide,
  },
  plans: [
    { name: 'Self-serve', nativeScim: 'no', price: 'not published', priceSource: pricing },
    { name: 'Enterprise', nativeScim: 'yes', price: 'on request', priceSource: pricing },
  ],
  limitations: [
    {
      id: 'sso-first',
      text: 'single sign-on must be active before SCIM can be switched on',
      bridge: 'an administrator’s API token or password is enough',
      routes: authentication,
      remains: 'without single sign-on each person sets a password',
      source: guide,
    },
    {
      id: 'plan',
      text: 'only with Enterprise',
      bridge: 'the REST API of users and groups is part of the server',
      routes: writing,
      remains: 'nothing that is known',
      source: guide,
    },
    {
      id: 'token',
      text: 'its token is made in Admin > Security and given to the identity provider',
      bridge: 'the identity provider holds a token of Drawbridge alone; credentials of Sisense stay here',
      routes: authentication,
      remains: 'nothing',
      source: guide,
    },
    {
      id: 'identity-providers',
      text: 'tried with Okta and Entra ID only',
      bridge: 'any client of SCIM 2.0 pushes to Drawbridge, which calls Sisense',
      routes: writing,
      remains: 'nothing',
      source: guide,
    },
    {
      id: 'groups-are-not-roles',
      text: 'Groups become groups of Sisense and never roles',
      bridge: 'a rule turns a Group into the role, a group, or both, in one update of the user',
      routes: {
        current: `PATCH ${users}/{user}, GET /api/roles`,
        guide: `PATCH ${users}/{user}, GET /api/v1/roles`,
      },
      remains: 'a user has one role',
      source: guide,
    },
  ],
}
