import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Failure } from '../../../src/model/errors.ts'
import { classify, wait } from '../../../src/vendors/sentry/errors.ts'

const reply = (status: number, body?: unknown, headers: Record<string, string> = {}) => ({
  status,
  headers,
  body,
  readable: true,
})

/** Status and body as getsentry/sentry writes them (organization_member_*.py), and what they mean to the gateway. */
const table: readonly (readonly [string, number, unknown, Failure | undefined])[] = [
  ['a member', 400, { email: ['The user a@x.example is already a member'] }, 'conflict'],
  ['an invited person', 400, { email: ['The user a@x.example has already been invited'] }, 'conflict'],
  ['a long e-mail', 400, { email: ['Ensure this field has no more than 75 characters.'] }, 'invalid'],
  ['an unknown role', 400, { orgRole: ['"boss" is not a valid choice.'] }, 'invalid'],
  [
    'a retired role',
    400,
    { detail: "The role 'admin' is deprecated and may no longer be assigned." },
    'invalid',
  ],
  ['an unknown team', 400, { teams: ['Invalid teams'] }, 'invalid'],
  [
    'billing in a team',
    400,
    { detail: "The user with a 'billing' role cannot have team-level permissions." },
    'invalid',
  ],
  [
    'a plan without invitations',
    403,
    { organization: 'Your organization is not allowed to invite members' },
    'forbidden',
  ],
  ['our own role', 400, { detail: 'You cannot make changes to your own role.' }, 'forbidden'],
  ['a role above ours', 403, { role: 'You do not have permission to assign the given role.' }, 'forbidden'],
  [
    'a role that the token may not set',
    400,
    { orgRole: ['You do not have permission to set that org-level role'] },
    'forbidden',
  ],
  [
    'an integration token',
    400,
    ['Integration tokens are restricted to inviting new members with the member role only.'],
    'forbidden',
  ],
  [
    'a member above us',
    400,
    { detail: 'You cannot remove a member who has more access than you.' },
    'forbidden',
  ],
  [
    'the last owner',
    403,
    { detail: 'You cannot remove the only remaining owner or manager of the organization.' },
    'forbidden',
  ],
  [
    'native SCIM',
    403,
    { detail: "This user is managed through your organization's identity provider." },
    'forbidden',
  ],
  [
    'a partnership',
    403,
    {
      detail:
        'This member is managed by an active partnership and cannot be modified until the end of the partnership.',
    },
    'forbidden',
  ],
  [
    'a token without the scope',
    403,
    { detail: 'You do not have permission to perform this action.' },
    'missing-scope',
  ],
  [
    'a token without member:admin',
    400,
    { detail: 'You are missing the member:admin scope.' },
    'missing-scope',
  ],
  ['an unknown id', 404, { detail: 'The requested resource does not exist' }, 'not-found'],
  ['a bad token', 401, { detail: 'Invalid token' }, 'unauthenticated'],
  ['a slug that is taken', 409, { detail: 'A team with this slug already exists.' }, 'conflict'],
  ['too many requests', 429, 'You are attempting to use this endpoint too frequently.', 'rate-limited'],
  [
    'too many invitations',
    429,
    { detail: 'You are being rate limited for too many invitations.' },
    'rate-limited',
  ],
  ['an outage', 502, undefined, 'unavailable'],
  ['success', 201, { id: '1' }, undefined],
]

describe('Sentry errors', () => {
  for (const [what, status, body, failure] of table) {
    it(`takes ${what} for ${failure ?? 'no failure'}`, () =>
      assert.equal(classify(reply(status, body)), failure))
  }
})

describe('Sentry waits', () => {
  const now = 1_800_000_000_000
  const reset = (seconds: number) => ({ 'x-sentry-rate-limit-reset': String(now / 1000 + seconds) })

  for (const [what, headers, body, ms] of [
    ['until the reset', reset(4), 'too frequently', 4000],
    ['at least a second when the reset is now', reset(0), 'too frequently', 1000],
    ['a second when nothing is told', {}, 'too frequently', 1000],
    ['what Retry-After says', { 'retry-after': '7', ...reset(1) }, 'too frequently', 7000],
    [
      'long after a flood of invitations',
      reset(1),
      { detail: 'rate limited for too many invitations.' },
      900_000,
    ],
  ] as const) {
    it(`waits ${what}`, () => assert.equal(wait(reply(429, body, headers), now), ms))
  }
})
