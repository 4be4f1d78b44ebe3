import assert from 'node:assert/strict'
import { request } from 'node:http'
import { describe, it } from 'node:test'
import { startTestGateway } from '../support/gateway.ts'
import { requestCases, type RequestReply, runRequests, type SentRequest } from '../support/idp-requests.ts'

/** By a bare HTTP client: others tidy addresses and headers up. */
async function sendTo(url: string, token: string, sent: SentRequest): Promise<RequestReply> {
  const { hostname, port } = new URL(url)
  const { promise, resolve, reject } = Promise.withResolvers<RequestReply>()
  const { method, path, headers, body } = sent
  const asked = request(
    {
      ...{ hostname, port, method, path: `/scim/v2${path}` },
      headers: { authorization: `Bearer ${token}`, ...headers },
    },
    (answer) => {
      const chunks: Buffer[] = []
      answer.on('data', (chunk: Buffer) => chunks.push(chunk))
      answer.on('end', () =>
        resolve({
          status: answer.statusCode ?? 0,
          headers: answer.headers,
          text: Buffer.concat(chunks).toString(),
        }),
      )
    },
  )
  asked.on('error', reject)
  asked.end(body)
  return promise
}

describe('requests of identity providers as they are, to a gateway and its store', () => {
  for (const client of ['auto', 'okta', 'entra', 'rfc'] as const) {
    it(`are answered as they should (client: ${client})`, async (t) => {
      const { gateway, token, scim } = await startTestGateway(t, { connections: [], client })
      const cases = requestCases.filter((each) => !each.connections && each.clients.includes(client))
      const problems: string[] = []
      for (const each of cases) {
        const found = await runRequests(each, (sent) => sendTo(gateway.url, token, sent))
        problems.push(...found.map((words) => `${each.id}: ${words}`))
        for (const type of ['Users', 'Groups']) {
          const { body } = await scim('GET', `/${type}?attributes=id&count=500`)
          for (const { id } of body.Resources) await scim('DELETE', `/${type}/${id}`)
        }
      }
      assert.deepEqual(problems, [])
    })
  }
})
