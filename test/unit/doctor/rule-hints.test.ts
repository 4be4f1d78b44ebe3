import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConfiguration } from '../../../src/config/load.ts'
import { ruleHints } from '../../../src/doctor/rules.ts'
import { vendorOf, vendors } from '../../../src/vendors/registry.ts'

const text = `directories:
  corp:
    connections:
      errors:
        vendor: sentry
        settings: { organization: corp }
        credentials: { token: hush }
        rules:
          - { group: Leads, role: manager }
          - { group: leads, role: admin }
          - { group: LEADS, team: core }
          - { group: Leads, role: manager }
          - { group: Leads, role: admin, scope: { team: core } }
          - { group: Guests, role: member, until: 2h }
          - { group: Guests, role: admin }
      console:
        vendor: sentinelone
        settings: { baseUrl: https://acme.sentinelone.net }
        credentials: { apiToken: hush }
        rules:
          - { group: A, role: SOC, scope: { site: EMEA } }
          - { group: B, role: SOC, scope: { site: APAC } }
          - { group: C, role: SOC, scope: { account: Acme } }
      falcon:
        vendor: crowdstrike
        credentials: { clientId: hush, clientSecret: hush }
        people: mapped
        rules: [{ group: A, role: one }, { group: A, role: two }]
`

describe('hints about rules, offline', () => {
  it('name what is overridden, what is repeated, several levels, and seats taken more than once', () => {
    const loaded = parseConfiguration(text, {}, vendors)
    assert.ok(loaded.ok, JSON.stringify(loaded))
    const hints = ruleHints(loaded.configuration.directories, vendorOf)
    assert.deepEqual(
      hints.map(
        ({ connection, line, detail }) => `${connection ?? '-'} ${line ?? '-'} ${detail.slice(0, 48)}`,
      ),
      [
        '- - errors, console take in everyone who is pushed, ',
        'errors 10 never grants anything: rule 1 (line 9) matches t',
        'errors 12 repeats rule 1 (line 9)',
        'console 23 names the scope level account, and rule 1 names ',
      ],
    )
    assert.ok(hints.every(({ state }) => state === 'hint'))
  })
})
