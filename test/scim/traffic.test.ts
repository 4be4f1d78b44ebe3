import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { base, scimApp, token } from '../support/scim-app.ts'
import { replay, type Send, type Traffic } from '../support/traffic.ts'

const fixture = new URL('../fixtures/idp-traffic.json', import.meta.url)
const traffic = JSON.parse(readFileSync(fixture, 'utf8')) as Traffic

describe('recorded traffic of identity providers', () => {
  for (const sequence of traffic.sequences) {
    for (const client of ['auto', sequence.client] as const) {
      it(`[M-04, R0-47] passes in full for ${sequence.id} (client: ${client})`, async (t) => {
        const { app } = await scimApp(t, { client })
        const send: Send = async (method, url, headers, payload) => {
          const answer = await app.inject({
            method: method as 'GET',
            url: base + url,
            headers,
            ...(payload === undefined ? {} : { payload }),
          })
          return { status: answer.statusCode, headers: answer.headers, text: answer.body }
        }
        const reports = await replay(traffic, sequence, token, send)
        const failed = reports.filter(({ problems }) => problems.length > 0)
        t.diagnostic(`${reports.length - failed.length} of ${reports.length} steps passed`)
        const words = failed.map(({ step, problems }) => `${step.id} ${step.title}: ${problems.join('; ')}`)
        assert.equal(failed.length, 0, words.join('\n'))
      })
    }
  }

  it('is not passed by a server that answers nothing useful', async () => {
    const [sequence] = traffic.sequences
    assert.ok(sequence)
    const reports = await replay(traffic, sequence, token, async () => ({
      status: 200,
      headers: {},
      text: '{}',
    }))
    assert.ok(reports.every(({ problems }) => problems.length > 0))
  })
})
