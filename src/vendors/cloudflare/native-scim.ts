import type { NativeScimFacts, Source } from '../native-scim.ts'

const documentation: Source = {
  title: 'Cloudflare documentation, provision with SCIM',
  url: 'https://developers.cloudflare.com/fundamentals/account/account-security/scim-setup/',
  date: '2026-12-01',
  grade: 'vendor',
}
const pricing: Source = {
  title: 'cloudflare.com/plans',
  url: 'https://www.cloudflare.com/plans/',
  date: '2026-12-01',
  grade: 'unverified',
}
const members = '/client/v4/accounts/{settings.account}/members'

/** What Cloudflare's own SCIM is part of and lacks. */
export const nativeScim: NativeScimFacts = {
  nativeScim: {
    offered: 'Enterprise, with Okta, Microsoft Entra ID or Authentik',
    operations: 'Users and Groups',
    token: 'Manage Account > Members > Settings',
    source: documentation,
  },
  plans: [
    { name: 'Free', nativeScim: 'no', price: 'free', priceSource: pricing },
    { name: 'Pro', nativeScim: 'no', price: '$20 a month and zone', priceSource: pricing },
    { name: 'Business', nativeScim: 'no', price: '$200 a month and zone', priceSource: pricing },
    { name: 'Enterprise', nativeScim: 'yes', price: 'on request', priceSource: pricing },
  ],
  limitations: [
    {
      id: 'plan',
      text: 'only with Enterprise, and three identity providers',
      bridge: 'the members API is there on every plan, whatever pushes',
      routes: { current: `GET, POST, PUT, DELETE ${members}` },
      remains: 'policies for single zones are left to the dashboard',
      source: documentation,
    },
    {
      id: 'group-removal',
      text: 'who is taken out of a SCIM group keeps the membership of the account',
      bridge: 'the membership is removed, and the removal is read back',
      routes: { current: `DELETE ${members}/{id}` },
      remains: 'a return is a new membership that must be accepted again',
      source: documentation,
    },
    {
      id: 'super-administrators',
      text: 'a change of groups can take every Super Administrator away',
      bridge: 'Super Administrators are never adopted silently, and the guard limits mass changes',
      routes: { current: `PUT ${members}/{id}` },
      remains: 'Cloudflare itself refuses to remove the last one',
      source: documentation,
    },
  ],
}
