import type { NativeScimFacts, Source } from '../native-scim.ts'

const documentation: Source = {
  title: 'Metabase documentation, user provisioning with SCIM',
  url: 'https://www.metabase.com/docs/latest/people-and-groups/user-provisioning',
  date: '2026-12-01',
  grade: 'vendor',
}
const pricing: Source = {
  title: 'metabase.com/pricing, as read by the SCIM Tax Index (Iden, CC BY 4.0)',
  url: 'https://www.metabase.com/pricing/',
  date: '2026-04-01',
  grade: 'survey',
}

/** What Metabase's own SCIM is part of and lacks. */
export const nativeScim: NativeScimFacts = {
  nativeScim: {
    offered: 'Pro and Enterprise',
    operations: 'Users and Groups from Okta; Users from Entra ID',
    token: 'Admin settings > Authentication > User provisioning',
    source: documentation,
  },
  plans: [
    { name: 'Open source', nativeScim: 'no', price: 'free', priceSource: pricing },
    { name: 'Starter', nativeScim: 'no', price: '$100 a month and $6 a person', priceSource: pricing },
    { name: 'Pro', nativeScim: 'yes', price: '$575 a month and $12 a person', priceSource: pricing },
    { name: 'Enterprise', nativeScim: 'yes', price: 'on request', priceSource: pricing },
  ],
  limitations: [
    {
      id: 'plan',
      text: 'only with Pro and Enterprise',
      bridge: 'the REST API of people and groups is there in every edition',
      routes: { current: '/api/user and /api/permissions' },
      remains: 'people who are not invited by mail still need a way to sign in',
      source: documentation,
    },
    {
      id: 'entra-groups',
      text: 'from Entra ID it takes people and no groups',
      bridge: 'rules map SCIM groups to permission groups, whoever pushes them',
      routes: { current: 'PUT /api/user/{id}' },
      remains: 'nothing',
      source: documentation,
    },
  ],
}
