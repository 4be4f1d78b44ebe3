import type { NativeScimFacts, Source } from '../native-scim.ts'

const documentation: Source = {
  title: 'Datadog documentation, user provisioning with SCIM',
  url: 'https://docs.datadoghq.com/account_management/scim/',
  date: '2026-12-01',
  grade: 'vendor',
}
const pricing: Source = {
  title: 'datadoghq.com/pricing, as read by the SCIM Tax Index (Iden, CC BY 4.0)',
  url: 'https://www.datadoghq.com/pricing/',
  date: '2026-06-01',
  grade: 'survey',
}

/** What Datadog's own SCIM is part of and lacks. */
export const nativeScim: NativeScimFacts = {
  nativeScim: {
    offered: 'Infrastructure Pro and Infrastructure Enterprise',
    operations: 'Users; teams where Datadog switches them on',
    token: 'Organization Settings > Application Keys, of a service account',
    source: documentation,
  },
  plans: [
    { name: 'Free', nativeScim: 'no', price: 'free', priceSource: pricing },
    { name: 'Infrastructure Pro', nativeScim: 'yes', price: '$15 a month and host', priceSource: pricing },
    {
      name: 'Infrastructure Enterprise',
      nativeScim: 'yes',
      price: '$23 a month and host',
      priceSource: pricing,
    },
  ],
  limitations: [
    {
      id: 'plan',
      text: 'only with Infrastructure Pro and Enterprise',
      bridge: 'the users API is there for every organization, whatever it pays for',
      routes: { current: 'GET, POST, PATCH /api/v2/users' },
      remains: 'nothing',
      source: documentation,
    },
    {
      id: 'no-roles',
      text: 'it sets no roles: those come from SAML mappings',
      bridge: 'rules grant roles, and take them away',
      routes: { current: 'POST, DELETE /api/v2/roles/{entitlement}/users' },
      remains: 'where SAML role mappings are on, they win at the next sign-in',
      source: documentation,
    },
  ],
}
