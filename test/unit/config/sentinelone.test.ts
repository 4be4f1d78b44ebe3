import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { parseConfiguration } from '../../../src/config/load.ts'
import { sentinelone } from '../../../src/vendors/sentinelone/index.ts'

function file(settings: object): string {
  const connection = { vendor: 'sentinelone', settings, credentials: { apiToken: 'a-token-of-the-console' } }
  const tokens = [{ name: 'okta', secret: 'a-secret-of-sixteen' }]
  return JSON.stringify({ directories: { corp: { tokens, connections: { console: connection } } } })
}

describe('a SentinelOne connection in the configuration file', () => {
  const baseUrl = 'https://acme.sentinelone.net'
  const steps: readonly [what: string, settings: object, inactive: readonly string[]][] = [
    ['removes without a quarantine role', { baseUrl, apiProfile: 'current' }, ['remove']],
    [
      'strips down to a quarantine role',
      { baseUrl, apiProfile: 'current', quarantineRole: 'No Access' },
      ['strip'],
    ],
    ['disables first in profile guide', { baseUrl, apiProfile: 'guide' }, ['disable', 'remove']],
    [
      'disables first in profile guide, then strips',
      { baseUrl, apiProfile: 'guide', quarantineRole: 'No Access' },
      ['disable', 'strip'],
    ],
  ]
  for (const [what, settings, inactive] of steps) {
    it(`[R0-28] ${what}`, () => {
      const loaded = parseConfiguration(file(settings), {}, [sentinelone])
      assert.ok(loaded.ok, JSON.stringify(loaded))
      const { deprovision } = loaded.configuration.directories[0]!.connections[0]!.policy
      assert.deepEqual([deprovision.inactive, deprovision.deleted], [inactive, ['remove']])
    })
  }

  it('[R0-01] needs the address of the console', () => {
    const loaded = parseConfiguration(file({ account: 'Acme' }), {}, [sentinelone])
    assert.ok(!loaded.ok)
    assert.match(JSON.stringify(loaded.problems), /baseUrl/)
  })
})
