import assert from 'node:assert/strict'
import { dirname, join, normalize } from 'node:path'
import { describe, it } from 'node:test'
import { vendors } from '../../src/vendors/registry.ts'
import { files, read } from './repository.ts'

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

/** What an admin looks for in the guides, by page. */
const tasks: readonly (readonly [page: string, what: string, words: RegExp])[] = [
  ...['okta', 'entra'].flatMap((client) => {
    const page = `docs/guides/${client}.md`
    return [
      [page, 'where the base URL and the token go', /\| (Base URL|Tenant URL) \|/],
      [page, 'to test the connection', /\*\*Test (API Credentials|Connection)\*\*/],
      [page, 'which attributes to map', /^## Attributes[\s\S]*`userName`[\s\S]*`displayName`/m],
      [page, 'how groups are pushed', /Push Groups|Users and groups/],
      [page, 'one application, one directory, one token', /One application, one directory, one token/],
      [
        page,
        'what is different at each vendor',
        /^## For each vendor[\s\S]*CrowdStrike[\s\S]*SentinelOne[\s\S]*Sentry[\s\S]*Sisense/m,
      ],
      [
        page,
        'what its errors mean, each with a link',
        /^## What an error[\s\S]*errors\.md#scim-unauthorized[\s\S]*errors\.md#scim-pending/m,
      ],
    ] as const
  }),
  [
    'docs/guides/cut-over.md',
    'the order of a cut-over',
    /shadow[\s\S]*Import[\s\S]*plan[\s\S]*native SCIM off[\s\S]*enforce/,
  ],
  ['docs/guides/cut-over.md', 'accounts made by signing in', /accounts that people got by signing in/],
  ['docs/guides/cut-over.md', 'which clients can push', /^## Which identity providers can push/m],
  [
    'docs/guides/README.md',
    'least privilege, for every vendor',
    /^## Least-privilege[\s\S]*CrowdStrike[\s\S]*SentinelOne[\s\S]*Sentry[\s\S]*Sisense/m,
  ],
  ...['A vendor is down', 'A mass change was wrong', 'A credential is rotated', 'Restore', 'Re-push'].map(
    (title) => ['docs/guides/runbooks.md', title, new RegExp(`^## ${title}`, 'm')] as const,
  ),
  ['docs/guides/sizing.md', 'how large a machine is needed', /\| up to 100,000 \|/],
]

describe('guides', () => {
  for (const [page, what, words] of tasks) {
    it(`tell ${what} (${page})`, () => assert.match(read(page), words))
  }

  it('lead to sections that there are', () => {
    const slug = (title: string) =>
      title
        .toLowerCase()
        .replaceAll(/[`*]/g, '')
        .replaceAll(/[^\w\- ]/g, '')
        .trim()
        .replaceAll(' ', '-')
    const anchorsOf = (path: string): ReadonlySet<string> => {
      const text = read(path)
      const titles = [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) => slug(title!))
      return new Set([...titles, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id]) => id!)])
    }
    const links = files('*.md', 'docs/**/*.md', 'docker/*.md').flatMap((path) =>
      [...read(path).matchAll(/\]\((?!https?:)([^)#]*\.md|)#([^)]+)\)/g)].map(
        ([, target = '', anchor = '']) => {
          const at = target === '' ? path : normalize(join(dirname(path), target))
          return { path, at, anchor }
        },
      ),
    )
    assert.ok(links.length > 50, `${links.length} links`)
    assert.deepEqual(
      links.filter(({ at, anchor }) => !anchorsOf(at).has(anchor)),
      [],
    )
  })
})

describe('vendor pages', () => {
  for (const [row, page, what, words] of told) {
    it(`${row} tell ${what} (${page})`, () => assert.match(read(page), words))
  }
})

describe('the guide for a cut-over', () => {
  const page = read('docs/guides/cut-over.md')
  const [, section = ''] = page.split('## Which identity providers can push')
  const rows = section.split('\n').filter((line) => line.startsWith('|'))
  const rowOf = (provider: RegExp) => rows.find((row) => provider.test(row)) ?? assert.fail(String(provider))

  it('[R3-30] tells for each client profile, and each provider that native SCIM takes or refuses, how it can push', () => {
    const [, clients = ''] =
      /"client": \{\s*"enum": \[([^\]]+)\]/.exec(read('docs/schemas/drawbridge.schema.json')) ?? []
    const profiles = JSON.parse(`[${clients}]`) as readonly string[]
    assert.ok(profiles.length > 1)
    for (const profile of profiles)
      assert.ok(
        rows.some((row) => row.includes(`\`${profile}\``)),
        profile,
      )
    const providers = vendors
      .flatMap(({ nativeScim }) => nativeScim?.limitations.map(({ text }) => text) ?? [])
      .join('\n')
    for (const name of ['Okta', 'Entra ID', 'OneLogin', 'Google Workspace']) {
      assert.match(providers, new RegExp(name), 'the gap table names it')
      rowOf(new RegExp(name))
    }
    assert.match(
      rowOf(/Google Workspace/),
      /\| – \| pushes only to applications of its own catalogue.*one of the others has to push/,
    )
    assert.match(rowOf(/OneLogin/), /base URL.*\/scim\/v2.*bearer token/)
  })
})
