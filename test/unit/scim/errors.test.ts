import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { switchesOf } from '../../../src/scim/client-profiles.ts'
import {
  ScimError,
  errorBody,
  invalidFilter,
  notFound,
  quoted,
  tooLarge,
  tooMany,
  uniqueness,
} from '../../../src/scim/errors.ts'

describe('ScimError', () => {
  test('becomes a body with a string status, and a scimType only where there is one', () => {
    assert.deepEqual(errorBody(uniqueness('userName is taken. Choose another.')), {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '409',
      scimType: 'uniqueness',
      detail: 'userName is taken. Choose another.',
    })
    assert.deepEqual(Object.keys(errorBody(notFound('User', '7'))), ['schemas', 'status', 'detail'])
  })

  test('has the status that its scimType travels with', () => {
    assert.equal(invalidFilter('x').status, 400)
    assert.equal(tooMany('x').status, 400)
    assert.equal(tooLarge('x').status, 413)
    assert.equal(notFound('User', 'x').status, 404)
    const error = new ScimError(503, 'later', { headers: { 'retry-after': '5' }, cause: 'c' })
    assert.deepEqual([error.headers, error.cause], [{ 'retry-after': '5' }, 'c'])
  })

  test('quotes text of clients without control characters, shortened', () => {
    assert.equal(quoted('a\u0000\n\u202eb'), '"a???b"')
    assert.equal(quoted('x'.repeat(500)).length, 103)
    assert.equal(quoted('x'.repeat(100)).length, 102)
  })
})

describe('client profiles', () => {
  test('differ where clients contradict each other', () => {
    const [auto, okta, entra, rfc] = (['auto', 'okta', 'entra', 'rfc'] as const).map(switchesOf)
    assert.deepEqual(
      [auto, okta, entra, rfc].map((each) => [
        each?.stringBooleans,
        each?.replaceUnmatched,
        each?.lenient,
        each?.unknownMembers,
        each?.uniqueGroupNames,
        each?.groupPatchAnswer,
      ]),
      [
        [true, 'create', true, 'park', true, 'by-size'],
        [true, 'create', true, 'park', false, 'by-size'],
        [true, 'create', true, 'park', true, 'empty'],
        [false, 'no-target', false, 'refuse', false, 'body'],
      ],
    )
    assert.ok(Object.isFrozen(auto) && Object.isFrozen(entra))
  })
})
