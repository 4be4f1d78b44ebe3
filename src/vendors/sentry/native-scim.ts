import type { NativeScimFacts, Source } from '../native-scim.ts'

const guide: Source = {
  title: 'Stitchflow, Sentry user management API guide (undated)',
  date: '2026-11-21',
  grade: 'unverified',
}
const documentation: Source = {
  title: 'docs.sentry.io, SCIM and SSO, as read by the SCIM Tax Index (Iden, CC BY 4.0)',
  url: 'https://docs.sentry.io/api/scim/',
  date: '2026-10-05',
  grade: 'survey',
}
const pricing: Source = {
  title: 'sentry.io/pricing, as read by the SCIM Tax Index (Iden, CC BY 4.0)',
  url: 'https://sentry.io/pricing/',
  date: '2026-10-05',
  grade: 'survey',
}
const source: Source = {
  title: 'github.com/getsentry/sentry, src/sentry/core/endpoints/scim',
  url: 'https://github.com/getsentry/sentry',
  date: '2026-11-21',
  grade: 'vendor',
}

const members = '/api/0/organizations/{organization}/members/'
const invite = { current: `POST ${members}`, guide: `POST ${members}` }
const remove = { current: `DELETE ${members}{member}/`, guide: `DELETE ${members}{member}/` }
const update = { current: `PUT ${members}{member}/`, guide: `PUT ${members}{member}/` }
const join = {
  current: `POST, DELETE ${members}{member}/teams/{team}/`,
  guide: `POST, DELETE ${members}{member}/teams/{team}/`,
}
const all = { current: `${members} and below`, guide: `${members} and below` }

/** What Sentry's own SCIM is part of and lacks. */
export const nativeScim: NativeScimFacts = {
  nativeScim: {
    offered: 'Business and Enterprise, once SAML single sign-on is set up',
    operations: 'Users: GET, POST, PATCH (active=false), DELETE. Groups: GET, POST, PATCH, DELETE',
    token: 'Settings > Auth, where SCIM is switched on',
    sign: 'the member’s flag idp:provisioned',
    source: documentation,
  },
  plans: [
    { name: 'Developer', nativeScim: 'no', price: 'free, one user', priceSource: pricing },
    {
      name: 'Team',
      nativeScim: 'no',
      price: '$26 a month and organization, billed yearly',
      priceSource: pricing,
    },
    {
      name: 'Business',
      nativeScim: 'yes',
      price: '$80 a month and organization, billed yearly',
      priceSource: pricing,
    },
    { name: 'Enterprise', nativeScim: 'yes', price: 'on request', priceSource: pricing },
    { name: 'Trial', nativeScim: 'no', price: 'free for a time', priceSource: guide },
  ],
  limitations: [
    {
      id: 'plan',
      text: 'only with Business and Enterprise',
      bridge: 'the REST API of members and teams is there on every plan that has members to manage',
      routes: all,
      remains: 'SAML itself still needs Business; people then sign in otherwise',
      source: documentation,
    },
    {
      id: 'sso-first',
      text: 'SAML single sign-on must be set up before SCIM can be switched on',
      bridge: 'an invitation needs no single sign-on; where it is enforced, people come in by signing in',
      routes: invite,
      remains: 'without single sign-on each person accepts an invitation',
      source: documentation,
    },
    {
      id: 'trial',
      text: 'not on Trial plans',
      bridge: 'a trial has the same REST routes, so that provisioning can be tried before anything is bought',
      routes: all,
      remains: 'nothing',
      source: documentation,
    },
    {
      id: 'token',
      text: 'its token is one of its own, no API auth token',
      bridge: 'a user auth token; the doctor tells a token of the other kind',
      routes: { current: 'Authorization: Bearer sntryu_…', guide: 'Authorization: Bearer …' },
      remains: 'the token ends with the membership of its user',
      source: guide,
    },
    {
      id: 'patch-active-only',
      text: 'PATCH of a User knows active=false and nothing else',
      bridge: 'organization role, teams and team roles are kept up to date by REST',
      routes: update,
      remains: 'names and e-mail are the person’s own; project access (projects) is left alone',
      source: documentation,
    },
    {
      id: 'jit',
      text: 'people who came by single sign-on were never pushed: SCIM has no id for them',
      bridge: 'a person without a link is looked up by e-mail, adopted, and removed like any other',
      routes: { current: `GET ${members}?query=…, then DELETE`, guide: `GET ${members}, then DELETE` },
      remains: 'who changed the e-mail address before the first push is not found',
      source: guide,
    },
    {
      id: 'groups-are-teams',
      text: 'Groups are teams: the display name is a team’s slug, or a new team is made',
      bridge:
        'rules name the team that a Group grants, whatever the Group is called; several Groups may grant one team; with create: true a team is made, renamed and removed with its Group',
      routes: join,
      remains: 'profile guide makes, renames and removes no teams',
      source: guide,
    },
    {
      id: 'deprovision',
      text: 'deactivation may leave the member behind, and cannot be undone by active=true',
      bridge:
        'the membership is removed and the removal read back; who returns is invited again with role and teams',
      routes: remove,
      remains: 'a return is a new member with a new id; Sentry has no off switch',
      source: guide,
    },
    {
      id: 'owner',
      text: 'the role owner cannot be given',
      bridge: 'a rule grants owner like any role, if the token’s user is an owner',
      routes: update,
      remains: 'the last owner cannot be removed or made less',
      source: documentation,
    },
    {
      id: 'team-roles',
      text: 'no team roles',
      bridge: 'a rule grants team admin, applied once the invitation is accepted',
      routes: update,
      remains: 'Sentry ignores team roles in an invitation',
      source,
    },
  ],
}
