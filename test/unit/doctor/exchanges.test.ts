import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clockFinding, limitsFinding, routeFindings } from '../../../src/doctor/exchanges.ts'
import type { Route } from '../../../src/vendors/contract.ts'
import type { Exchange } from '../../../src/vendors/kit/kit.ts'

const at = Date.parse('2026-11-20T12:00:00.500Z')

function exchange(change: Partial<Exchange>): Exchange {
  const times = { startedAt: at - 20, endedAt: at + 20 }
  const call = {
    vendor: 'vendor',
    operation: 'find',
    method: 'GET',
    origin: 'https://vendor.example',
    path: '/users',
  }
  return { ...call, ...times, status: 200, headers: {}, ...change }
}

describe('routes', () => {
  const read: Route = { method: 'GET', path: '/users/{user}', purpose: 'reading' }
  const me: Route = { method: 'GET', path: '/users/me', purpose: 'knowing oneself', optional: true }
  const write: Route = { method: 'POST', path: '/users', purpose: 'making', writes: true }
  const cases: readonly (readonly [
    what: string,
    route: Route,
    exchanges: readonly Partial<Exchange>[],
    expected: RegExp,
  ])[] = [
    ['answered', read, [{ path: '/users/7' }], /^ok answers \(200 in 40 ms\)/],
    ['answered once of twice', read, [{ path: '/users/7' }, { path: '/users/8', status: 404 }], /^ok/],
    ['missing', read, [{ path: '/users/7', status: 404 }], /^failed answers 404/],
    ['without any answer', read, [{ path: '/users/7', status: undefined }], /^failed no answer/],
    [
      'not asked',
      read,
      [{ path: '/users/7/roles' }, { path: '/users/7', method: 'PUT' }],
      /^unknown not asked/,
    ],
    ['optional and missing', me, [{ path: '/users/me', status: 404 }], /^unknown/],
    ['optional and refused', me, [{ path: '/users/me', status: 403 }], /^failed/],
    ['writing, not tried', write, [], /^unknown not tried/],
    ['writing, asked for nothing', write, [{ method: 'POST', status: 400 }], /^ok answers \(400/],
    ['writing, forbidden', write, [{ method: 'POST', status: 403 }], /^failed answers 403/],
  ]
  for (const [what, route, exchanges, expected] of cases) {
    it(`tells one that is ${what}`, () => {
      const findings = routeFindings([read, me, write], exchanges.map(exchange))
      const found = findings.find(({ path, method }) => path === route.path && method === route.method)
      assert.match(`${found?.state} ${found?.detail}`, expected)
    })
  }
})

describe('the clock', () => {
  const cases = [
    ['well within a minute', 'Fri, 20 Nov 2026 12:00:20 GMT', /^ok differs by 20 s/],
    ['behind', 'Fri, 20 Nov 2026 12:10:00 GMT', /^warning this machine is 600 s behind/],
    ['ahead', 'Fri, 20 Nov 2026 11:50:00 GMT', /^warning this machine is 600 s ahead of/],
    ['not to be told', undefined, /^unknown/],
  ] as const
  for (const [what, date, expected] of cases) {
    it(`is ${what}`, () => {
      const { state, detail } = clockFinding([exchange({ headers: { date } })])
      assert.match(`${state} ${detail}`, expected)
    })
  }
})

describe('limits', () => {
  it('are told by the last reply that has them', () => {
    const replies = [{ 'x-ratelimit-remaining': '5' }, {}, { 'x-ratelimit-remaining': '4' }]
    const { state, detail } = limitsFinding(replies.map((headers) => exchange({ headers })))
    assert.deepEqual([state, detail], ['ok', 'x-ratelimit-remaining 4'])
  })

  it('are a warning once the vendor has asked to slow down, and unknown where nothing tells them', () => {
    assert.equal(limitsFinding([exchange({ status: 429 })]).state, 'warning')
    assert.equal(limitsFinding([exchange({})]).state, 'unknown')
  })
})
