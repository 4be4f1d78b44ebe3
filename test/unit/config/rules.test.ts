import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConfiguration } from '../../../src/config/load.ts'
import { vendors } from '../../../src/vendors/registry.ts'

function file(rule: string, vendor = 'sentry'): string {
  const settings = {
    sentry: 'settings: { organization: corp }\n        credentials: { token: secret-of-sentry }',
    crowdstrike: 'credentials: { clientId: id-of-falcon, clientSecret: secret-of-falcon }',
    sentinelone:
      'settings: { baseUrl: https://acme.sentinelone.net }\n        credentials: { apiToken: secret }',
  }[vendor]
  return `directories:
  corp:
    connections:
      prod:
        vendor: ${vendor}
        ${settings}
        rules:
          - ${rule}`
}

function load(rule: string, vendor?: string) {
  return parseConfiguration(file(rule, vendor), {}, vendors)
}

function problems(rule: string, vendor?: string): readonly string[] {
  const loaded = load(rule, vendor)
  return loaded.ok
    ? []
    : loaded.problems.map(({ path, message }) => `${path.split('rules[0]')[1]} ${message}`)
}

describe('rules in the file', () => {
  const sound: readonly [string, object][] = [
    ['{ group: "/^a(?<t>.+)$/i", team: "{t}" }', { group: '/^a(?<t>.+)$/i', team: '{t}' }],
    [
      '{ attribute: \'department eq "Finance"\', role: admin }',
      { attribute: 'department eq "Finance"', role: 'admin' },
    ],
    ['{ roles: "*" }', { roles: '*' }],
    [
      '{ group: A, role: admin, except: [B, "externalId:c"], until: 24h }',
      { group: 'A', role: 'admin', except: ['B', 'externalId:c'], until: '24h' },
    ],
    ['{ group: A, role: admin, until: 2027-01-31 }', { group: 'A', role: 'admin', until: '2027-01-31' }],
    [
      '{ attribute: title pr, role: admin, until: "2027-01-31T08:00:00Z" }',
      { attribute: 'title pr', role: 'admin', until: '2027-01-31T08:00:00Z' },
    ],
    [
      '{ group: "/-[0-9]+h$/", role: admin, until: suffix }',
      { group: '/-[0-9]+h$/', role: 'admin', until: 'suffix' },
    ],
    ['{ group: "{odd}", team: "{odd}" }', { group: '{odd}', team: '{odd}' }],
  ]
  for (const [rule, expected] of sound) {
    it(`takes ${rule}`, () => {
      const loaded = load(rule)
      assert.ok(loaded.ok, JSON.stringify(loaded))
      assert.deepEqual(loaded.configuration.directories[0]?.connections[0]?.policy.rules, [
        { ...expected, line: 9 },
      ])
    })
  }

  const faults: readonly [string, RegExp][] = [
    ['{ group: "/a(?=b)/", team: x }', /^\.group look-ahead and look-behind.*RE2 syntax/],
    ['{ group: "/(?<!a)b/", team: x }', /^\.group look-ahead and look-behind/],
    ['{ group: "/(a)\\\\1/", team: x }', /^\.group back-references/],
    ['{ group: "/a++/", team: x }', /^\.group atomic groups and possessive/],
    ['{ group: "/(a/", team: x }', /^\.group is not a valid RE2 pattern: missing closing \)/],
    ['{ group: "/a", team: x }', /^\.group a pattern must end in \//],
    ['{ group: A, team: x, except: ["/(/"] }', /^\.except\[0\] is not a valid RE2 pattern/],
    ['{ group: "externalId:", team: x }', /^\.group externalId: must be followed/],
    [
      '{ group: "/^(?<team>.+)$/", team: "{tean}" }',
      /^\.team the pattern has no capture with that name; it has \{team\}/,
    ],
    ['{ roles: "*", team: "{team}" }', /^\.team the only template of a rule over roles is \{value\}/],
    ['{ attribute: department eq, role: admin }', /^\.attribute is not a SCIM filter/],
    [
      '{ attribute: departmnt eq "x", role: admin }',
      /^\.attribute compares an attribute that Users do not have/,
    ],
    ['{ attribute: meta.created pr, role: admin }', /^\.attribute must not compare id/],
    [
      '{ attribute: title pr, role: admin, until: 24h }',
      /^\.until a duration counts from the start of a membership/,
    ],
    ['{ roles: "*", until: suffix }', /^\.until a duration counts from the start of a membership/],
    ['{ group: A, role: admin, until: tomorrow }', /^\.until must be a duration/],
    ['{ group: A, role: admin, until: 2027-02-31T }', /^\.until must be a duration/],
    ['{ group: A, attribute: title pr, role: admin }', /^ a rule needs exactly one of/],
  ]
  for (const [rule, expected] of faults) {
    it(`refuses ${rule}`, () => {
      const found = problems(rule)
      assert.equal(found.length, 1, found.join('\n'))
      assert.match(found[0] ?? '', expected)
    })
  }

  it('knows the settings of accounts, vendor by vendor', () => {
    assert.deepEqual(problems('{ group: A, set: { canGenerateApiToken: true } }', 'sentinelone'), [])
    assert.match(
      problems('{ group: A, set: { canGenerateApiTokn: true } }', 'sentinelone').join(),
      /did you mean "canGenerateApiToken"/,
    )
    assert.match(
      problems('{ group: A, set: { canGenerateApiToken: 3 } }', 'sentinelone').join(),
      /true or false/,
    )
    assert.match(
      problems('{ group: A, set: { anything: true } }', 'crowdstrike').join(),
      /has no account settings/,
    )
  })
})
