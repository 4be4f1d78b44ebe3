import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { loadConfiguration, parseConfiguration } from '../../../src/config/load.ts'
import type { Configuration } from '../../../src/model/configuration.ts'
import { acme, bolt } from './vendors.ts'

const vendors = [acme, bolt]
const env = { SCIM_TOKEN: 'okta-0123456789abcdef', ACME_TOKEN: 'acme-secret-value', EMPTY: '' }

const complete = `
directories:
  corp:
    client: okta
    domains: [Corp.Example]
    tokens: [{ name: okta, secret: "\${SCIM_TOKEN}" }]
    connections:
      prod:
        vendor: acme
        settings: { organization: corp }
        credentials: { token: "\${ACME_TOKEN}" }
        rules:
          - group: Admins
            role: admin
          - { group: "externalId:00g1", role: auditor, scope: { site: EMEA } }
        default: { role: member }
`

function read(text: string, variables: Readonly<Record<string, string>> = env): Configuration {
  const loaded = parseConfiguration(text, variables, vendors)
  assert.ok(loaded.ok, JSON.stringify(loaded))
  return loaded.configuration
}

function problemsOf(text: string, variables: Readonly<Record<string, string>> = env): readonly string[] {
  const loaded = parseConfiguration(text, variables, vendors)
  assert.ok(!loaded.ok, 'the file was accepted')
  return loaded.problems.map(({ path, line, message }) => `${line}: ${path} ${message}`)
}

/** A file with one connection, given as lines under it. */
function connection(...lines: readonly string[]): string {
  const head = ['directories:', '  corp:', '    connections:', '      prod:', '        vendor: acme']
  const body = ['settings: { organization: corp }', 'credentials: { token: "${ACME_TOKEN}" }', ...lines]
  return [...head, ...body.map((line) => `        ${line}`)].join('\n')
}

describe('a valid configuration', () => {
  it('fills in every default and keeps the lines of rules', () => {
    const [directory] = read(complete).directories
    assert.deepEqual(directory?.domains, ['corp.example'])
    assert.deepEqual(directory?.tokens, [{ name: 'okta', secret: env.SCIM_TOKEN }])
    assert.deepEqual(directory?.connections, [
      {
        name: 'prod',
        vendor: 'acme',
        apiProfile: 'auto',
        settings: { organization: 'corp', region: 'us' },
        credentials: { token: env.ACME_TOKEN },
        policy: {
          mode: 'enforce',
          people: 'assigned',
          login: 'userName',
          rules: [
            { group: 'Admins', role: 'admin', line: 13 },
            { group: 'externalId:00g1', role: 'auditor', scope: { site: 'EMEA' }, line: 15 },
          ],
          default: { role: 'member' },
          exclusive: false,
          deprovision: { inactive: ['strip'], deleted: ['remove'], graceDays: 0 },
          rename: 'keep',
          adopt: 'always',
          guard: {
            protect: [],
            shutOuts: { count: 25, withinMs: 3_600_000 },
            revokes: { count: 100, withinMs: 3_600_000 },
          },
          reinvite: 'never',
          reply: { budgetMs: 8000, pendingShutOut: 'retry' },
          reconcile: { everyMs: 21_600_000, repair: ['lacking', 'reactivated'] },
        },
      },
    ])
  })

  it('may be JSON, and may have no connections', () => {
    const text = JSON.stringify({ directories: { corp: { connections: {} } } })
    assert.deepEqual(read(text).directories, [
      { name: 'corp', client: 'auto', domains: [], tokens: [], connections: [] },
    ])
  })

  it('accepts default values that are written out', () => {
    read(
      connection(
        'mode: enforce',
        'exclusive: false',
        'deprovision: { inactive: [strip], deleted: [remove], graceDays: 0 }',
        'rename: keep',
        'guard: { protect: [], shutOuts: { count: 25, within: 1h }, revokes: { count: 100, within: 1h } }',
        'reconcile: { every: 6h, repair: [reactivated, lacking] }',
        'reinvite: never',
        'rules: [{ group: A, role: x, create: false, except: [] }]',
      ),
    )
  })

  it('tries the off switch first in the profile that has one', () => {
    const text = connection().replace('organization: corp', 'organization: corp, apiProfile: guide')
    const policy = read(text).directories[0]?.connections[0]?.policy
    assert.deepEqual(policy?.deprovision.inactive, ['disable', 'strip'])
  })

  it('follows YAML anchors and aliases', () => {
    const text = `${connection('rules: &rules [{ group: A, role: x }]')}
      second:
        vendor: acme
        settings: { organization: other }
        credentials: { token: "\${ACME_TOKEN}" }
        rules: *rules`
    assert.equal(read(text).directories[0]?.connections[1]?.policy.rules[0]?.role, 'x')
  })
})

describe('references', () => {
  it('reads a mounted secret without its last line break', () => {
    const folder = mkdtempSync(join(tmpdir(), 'drawbridge-'))
    try {
      const secret = join(folder, 'token')
      writeFileSync(secret, 'mounted-secret\n')
      const text = connection().replace('"${ACME_TOKEN}"', `"file:${secret}"`)
      assert.equal(read(text).directories[0]?.connections[0]?.credentials['token'], 'mounted-secret')
      const file = join(folder, 'drawbridge.yaml')
      writeFileSync(file, text)
      assert.ok(loadConfiguration(file, env, vendors).ok)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('replaces inside a text, keeps $${, and never reads the result again', () => {
    const text = connection('rules: [{ group: "a-${NAME}-$${NAME}", role: x }]')
    const rule = read(text, { ...env, NAME: '${ACME_TOKEN}' }).directories[0]?.connections[0]?.policy.rules[0]
    assert.equal(rule?.group, 'a-${ACME_TOKEN}-${NAME}')
  })

  const token = (reference: string) => connection().replace('"${ACME_TOKEN}"', `"${reference}"`)
  const faults: readonly [string, string, string][] = [
    ['a variable that is not set', '${NOWHERE}', 'the environment variable NOWHERE is not set'],
    ['an empty variable', '${EMPTY}', 'the environment variable EMPTY is empty'],
    ['a malformed name', '${A B}', '${…} must contain the name of an environment variable'],
    ['a missing file', 'file:/nowhere/token', 'the file /nowhere/token cannot be read (ENOENT)'],
    [
      'a relative file',
      'file:token',
      'file: must be followed by an absolute path, as in file:/run/secrets/token',
    ],
  ]
  for (const [what, reference, message] of faults) {
    it(`reports ${what} once, with its line`, () => {
      assert.deepEqual(problemsOf(token(reference)), [
        `7: directories.corp.connections.prod.credentials.token ${message}`,
      ])
    })
  }

  it('reports a file that cannot be read', () => {
    const loaded = loadConfiguration('/nowhere/drawbridge.yaml', env, vendors)
    assert.ok(!loaded.ok)
    assert.match(loaded.problems[0]?.message ?? '', /cannot be read \(ENOENT\)/)
  })
})

describe('problems', () => {
  const prod = 'directories.corp.connections.prod'
  const faults: readonly [string, string, readonly string[]][] = [
    [
      'an unknown key, with the nearest known one',
      connection('adpot: ask'),
      [`8: ${prod}.adpot is not a known key; did you mean "adopt"?`],
    ],
    [
      'an unknown setting of the vendor',
      connection().replace('organization: corp', 'organisation: corp'),
      [
        `6: ${prod}.settings.organization is required`,
        `6: ${prod}.settings.organisation is not a known key; did you mean "organization"?`,
      ],
    ],
    [
      'a value that is not offered',
      connection('adopt: sometimes'),
      [`8: ${prod}.adopt must be one of always, ask, never`],
    ],
    [
      'a setting that the vendor does not offer',
      connection().replace('organization: corp', 'organization: corp, region: mars'),
      [`6: ${prod}.settings.region must be one of us, de`],
    ],
    [
      '[M-13] a profile that the vendor does not have',
      connection().replace('organization: corp', 'organization: corp, apiProfile: legacy'),
      [`6: ${prod}.settings.apiProfile must be one of auto, current, guide`],
    ],
    [
      'an unknown vendor',
      connection().replace('vendor: acme', 'vendor: acne'),
      [`5: ${prod}.vendor is not a vendor of this release (acme, bolt); did you mean "acme"?`],
    ],
    [
      'a missing vendor',
      connection().replace('vendor: acme', 'adopt: ask'),
      [`4: ${prod}.vendor is required`],
    ],
    [
      'a rule without a left side and one without a right side',
      connection('rules:', '  - role: admin', '  - group: A'),
      [
        `9: ${prod}.rules[0] a rule needs exactly one of group, attribute, roles`,
        `10: ${prod}.rules[1] a rule must grant something: role, team, vendorGroup or set`,
      ],
    ],
    [
      'a kind that the vendor does not have',
      connection('rules: [{ group: A, team: core }]'),
      [`8: ${prod}.rules[0].team Acme has no groups or teams that can be granted`],
    ],
    [
      'a step that the vendor cannot take',
      connection('deprovision: { inactive: [disable, strip] }').replaceAll('acme', 'bolt'),
      [
        `6: ${prod}.settings.organization is not a known key; known keys: baseUrl, apiProfile, ratePercent, plan`,
        `7: ${prod}.credentials.clientId is required`,
        `7: ${prod}.credentials.clientSecret is required`,
        `7: ${prod}.credentials.token is not a known key; known keys: clientId, clientSecret, expiresAt`,
        `8: ${prod}.deprovision.inactive[0] Bolt has no such step; it has strip, remove`,
      ],
    ],
    [
      'renewed invitations where a vendor sends none',
      connection('reinvite: once'),
      [`8: ${prod}.reinvite Acme creates accounts without an invitation`],
    ],
    [
      'a reply budget that identity providers would not wait for',
      connection('reply: { budget: 2m }'),
      [`8: ${prod}.reply.budget must be at most 50s: identity providers give up after about a minute`],
    ],
    [
      'a malformed duration',
      connection('reply: { budget: 8 seconds }'),
      [`8: ${prod}.reply.budget must be a duration such as 500ms, 8s, 30m, 6h or 30d`],
    ],
    ['an empty file', '', ['1:  the file must contain a block "directories:"']],
    [
      'a key that stands twice',
      'directories: {}\ndirectories: {}',
      ['2:  the same key appears twice in one block'],
    ],
  ]
  for (const [what, text, expected] of faults) {
    it(`names ${what}`, () => assert.deepEqual(problemsOf(text), expected))
  }

  it('reports the problems of all directories, connections and tokens at once', () => {
    const text = [
      'directories:',
      '  a:',
      '    tokens: [{ name: one, secret: short }]',
      '    clint: okta',
      '    connections:',
      '      x: { vendor: acme, settings: {}, credentials: {}, mode: shadow }',
      '  b:',
      '    domains: ["@corp.example"]',
      '    tokens: [{ name: two, secret: "${SCIM_TOKEN}" }, { name: three, secret: "${SCIM_TOKEN}" }]',
    ].join('\n')
    assert.deepEqual(problemsOf(text), [
      '3: directories.a.tokens[0].secret must have at least 16 characters',
      '4: directories.a.clint is not a known key; did you mean "client"?',
      '6: directories.a.connections.x.settings.organization is required',
      '6: directories.a.connections.x.credentials.token is required',
      '8: directories.b.domains[0] must be a domain such as corp.example, without "@"',
      '9: directories.b.tokens[1].secret is the same secret as directories.b.tokens[0]; each token needs its own',
    ])
  })

  it('never shows a value of the file or of the environment', () => {
    const secret = 'hush-hush-0123456789'
    const texts = [
      complete.replaceAll('"${SCIM_TOKEN}"', `[${secret}]`),
      connection(`adopt: ${secret}`, `rename: "${secret}`),
      connection(`reply: { budget: ${secret} }`, `people: [${secret}]`),
      connection().replace('"${ACME_TOKEN}"', `{ token: ${secret} }`),
      connection().replace('vendor: acme', `vendor: ${secret}`),
      connection().replace(
        'organization: corp',
        `organization: corp, baseUrl: "https://u:${secret}@x.example"`,
      ),
      `directories: { a: "${secret}" } ${secret}`,
      secret,
    ]
    for (const text of texts) {
      const shown = problemsOf(text).join('\n')
      assert.ok(!shown.includes('hush'), shown)
    }
  })
})
