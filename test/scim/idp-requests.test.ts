import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { serverLimits } from '../../src/scim/http/plugin.ts'
import { requestCases, runRequests } from '../support/idp-requests.ts'
import { base, scimApp, token } from '../support/scim-app.ts'

describe('requests of identity providers as they are', () => {
  for (const each of requestCases.filter(({ connections }) => connections === undefined)) {
    for (const client of each.clients) {
      it(`${each.id} (client: ${client})`, async (t) => {
        const { app } = await scimApp(t, { client, server: { routerOptions: serverLimits.routerOptions } })
        const problems = await runRequests(each, async ({ method, path, headers, body }) => {
          const answer = await app.inject({
            method: method as 'GET',
            url: base + path,
            headers: { authorization: `Bearer ${token}`, ...headers },
            ...(body !== undefined && { payload: body }),
          })
          return { status: answer.statusCode, headers: answer.headers, text: answer.body }
        })
        assert.deepEqual(problems, [])
      })
    }
  }

  it('are found wanting when nothing useful is answered', async () => {
    for (const each of requestCases) {
      const problems = await runRequests(each, async () => ({ status: 200, headers: {}, text: '{}' }))
      assert.notDeepEqual(problems, [], each.id)
    }
  })
})
