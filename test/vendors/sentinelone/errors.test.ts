import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Failure } from '../../../src/model/errors.ts'
import { classify, wait } from '../../../src/vendors/sentinelone/errors.ts'

const reply = (status: number, body: unknown, headers = {}) => ({ status, headers, body, readable: true })
const errors = (code: number, title: string, detail = '') => ({ errors: [{ code, title, detail }] })

const rows: readonly [what: string, status: number, body: unknown, failure: Failure | undefined][] = [
  ['success', 200, { data: { success: true } }, undefined],
  ['success with an empty list of errors', 200, { data: {}, errors: [] }, undefined],
  ['a validation error', 400, errors(4000010, 'Validation Error', 'scope: Missing data'), 'invalid'],
  ['a bad cursor', 400, errors(4000010, 'Validation Error', 'Invalid cursor value received'), 'invalid'],
  ['a duplicate by code', 400, errors(4000030, 'Bad request'), 'conflict'],
  ['a duplicate by words', 400, errors(4000010, 'Validation Error', 'User already exists'), 'conflict'],
  ['a duplicate by status', 409, errors(4090010, 'Conflict'), 'conflict'],
  ['a taken address', 409, errors(4090010, 'Conflict', 'User or Email already taken'), 'conflict'],
  [
    'missing, malformed and ended tokens alike',
    401,
    errors(4010010, 'Authentication Failed'),
    'unauthenticated',
  ],
  ['a role that may not', 403, errors(4030010, 'Forbidden', 'Insufficient permissions'), 'missing-scope'],
  [
    'a site’s token',
    403,
    errors(4030010, 'Forbidden', 'Action is not allowed to site users'),
    'missing-scope',
  ],
  [
    'an object that may not be changed',
    403,
    errors(4030010, 'Forbidden', 'System users cannot be changed'),
    'forbidden',
  ],
  ['nobody', 404, errors(4040010, 'Not found'), 'not-found'],
  ['too many requests', 429, errors(4290010, 'Too many requests'), 'rate-limited'],
  ['an internal error', 500, errors(5000010, 'Internal server error'), 'unavailable'],
  ['a validation error inside a 200', 200, errors(4000010, 'Validation Error'), 'invalid'],
  ['a duplicate inside a 200', 200, errors(4000030, 'Bad request'), 'conflict'],
  ['an error without a code inside a 200', 200, { errors: [{ title: 'Something' }] }, 'unexpected'],
]

describe('the error table', () => {
  for (const [what, status, body, failure] of rows) {
    it(`takes ${what} (${status}) for ${failure ?? 'no failure'}`, () => {
      assert.equal(classify(reply(status, body)), failure)
    })
  }

  it('takes a page that is not the console’s for unexpected, a 404 above all', () => {
    assert.equal(classify({ status: 404, headers: {}, body: '<html>', readable: false }), 'unexpected')
  })

  it('[R0-31] waits as told, and tells nothing where the console does not', () => {
    assert.equal(wait(reply(429, {}, { 'retry-after': '7' }), 0), 7_000)
    assert.equal(wait(reply(429, {}), 0), undefined)
  })
})
