import type { Words } from '../entry.ts'

const credentials =
  'Make new credentials as the page of the vendor says (docs/vendors), then `drawbridge apply`.'

/** Checks of `drawbridge doctor`, by their name with dashes; of scopes all share one entry. */
export const doctorEntries = {
  profile: {
    means: 'Which generation of the API the vendor speaks, and how that was found out.',
    todo: 'If it cannot be told, set `apiProfile`; `--reprobe` asks again.',
  },
  credentials: {
    means: 'Whether the vendor takes the credentials, and whether they are enough for every read.',
    todo: credentials,
  },
  tenant: {
    means: 'Which tenant of the vendor the credentials lead to.',
    todo: 'Check account, site, organization or CID in `settings`.',
  },
  'own-identity': {
    means: 'The account behind the credentials; Drawbridge never changes it.',
    todo: 'Use a service user that stands for no person.',
  },
  'token-expiry': {
    means: 'When the credentials end, where the vendor tells it.',
    todo: 'Renew them before that: docs/guides/runbooks.md, a credential is rotated.',
  },
  catalogue: {
    means: 'The roles and groups that can be granted.',
    todo: 'If there are none, the credentials may not see them: compare their permissions with docs/vendors.',
  },
  rules: {
    means: 'Whether every rule means something of the catalogue.',
    todo: 'Correct the names; the nearest ones are listed.',
  },
  search: {
    means: 'Whether somebody who is not there is not found, as before every creation.',
    todo: 'If it finds people who do not match, tell the vendor; nothing is adopted by it.',
  },
  accounts: {
    means: 'Whether accounts can be listed and read.',
    todo: 'Compare the permissions of the credentials with docs/vendors.',
  },
  clock: {
    means: "How far the clock of this machine is from the vendor's.",
    todo: 'Let the machine take its time from a time server.',
  },
  limits: {
    means: 'Rate limits that the vendor tells, and whether it asked to slow down.',
    todo: 'Lower `ratePercent`, or find out who else uses the API.',
  },
  replies: {
    means:
      'Whether the replies hold what the vendor documents. A field that cannot be read counts as absent.',
    todo: 'Nothing stops for it. Tell the maintainers which fields, and the version of the vendor.',
  },
  region: {
    means: 'Where the vendor keeps the tenant.',
    todo: 'Correct `region` or `baseUrl`.',
  },
  console: {
    means: 'Whether the management console can be reached and which account it is.',
    todo: 'Correct `baseUrl` and `account`.',
  },
  scope: {
    means: 'Whether a permission that Drawbridge needs was granted to the credentials.',
    todo: 'Grant it at the vendor; the finding says what it is for.',
  },
  scopes: {
    means: 'Whether the token has every permission that Drawbridge needs.',
    todo: 'Grant what is lacking at the vendor; the finding says what it is for.',
  },
  'scope-of-the-token': {
    means: 'Where the token counts: site, account or tenant.',
    todo: 'Make a token in the account that holds all sites of the rules.',
  },
  'role-of-the-token-s-owner': {
    means: 'What the user behind the token may do.',
    todo: 'Give the service user the role that docs/vendors/sentinelone.md names.',
  },
  'role-of-the-token-s-user': {
    means: 'What the user behind the token may do.',
    todo: 'Sentry lets only owners and managers change members.',
  },
  'role-of-the-user': {
    means: 'What the user behind the credentials may do.',
    todo: 'Give the user the role that docs/vendors/sisense.md names.',
  },
  'quarantine-role': {
    means: 'Whether the role that people keep after a shut-out exists and has no permissions.',
    todo: 'Make one at the vendor and name it as `quarantineRole`.',
  },
  invitations: {
    means: 'Whether a new account mails an invitation although the settings say otherwise.',
    todo: 'Correct the setting, or tell people to expect the mail.',
  },
  'kind-of-token': {
    means: 'Whether the token is of a kind that can do the work.',
    todo: credentials,
  },
  'kind-of-credentials': {
    means: 'Whether a token or a password is used.',
    todo: 'Prefer an API token of a user of its own.',
  },
  createvia: {
    means: 'Whether the way of making accounts fits the API profile.',
    todo: 'Correct `createVia`.',
  },
  'off-switch': {
    means: 'Whether this API profile can switch an account off.',
    todo: 'If not, an inactive person is stripped: docs/vendors/sisense.md.',
  },
  pace: {
    means: 'How many calls a second are made where the vendor publishes no limit.',
    todo: 'Set `requestsPerSecond`.',
  },
} as const satisfies Record<string, Words>

/** The code of a check as the doctor names it: `role of the token’s user` is `role-of-the-token-s-user`. */
export function doctorCode(check: string): string {
  const slug = check.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return Object.hasOwn(doctorEntries, slug) ? slug : slug.split('-')[0]!
}
