import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { read } from './repository.ts'

/** What a page must tell because nothing in the program can. */
const told: readonly (readonly [row: string, page: string, what: string, words: RegExp])[] = [
  [
    '[R0-05]',
    'docs/vendors/sentinelone.md',
    'that a service user is best',
    /API token\*\*, best of a \*service user\*/,
  ],
  [
    '[R0-25] "the invite may be blocked by the mail system":',
    'docs/vendors/sentinelone.md',
    'to allow the sender of invitations',
    /allow the console's sender/,
  ],
  [
    '[R3-28]',
    'docs/vendors/crowdstrike.md',
    'event streams and audit log',
    /event streams and its audit log/,
  ],
  ['[R3-35]', 'docs/vendors/crowdstrike.md', 'what a stripped user still can', /can still \*\*sign in\*\*/],
  ['[R4-14]', 'docs/vendors/sentry.md', 'that project access is left alone', /Project access.*left alone/],
  ['[R4-14]', 'docs/vendors/capabilities.md', 'that projects are left alone', /\(projects\) is left alone/],
  [
    '[R2-31]',
    'docs/vendors/sisense.md',
    'what to set up in Okta',
    /^## From Okta[\s\S]*\/scim\/v2[\s\S]*Deactivate Users/m,
  ],
  ['[R4-17]', 'docs/vendors/sentry.md', 'how people come in where SSO is enforced', /Where SSO is enforced/],
]

describe('vendor pages', () => {
  for (const [row, page, what, words] of told) {
    it(`${row} tell ${what} (${page})`, () => assert.match(read(page), words))
  }
})
