import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { create, draftOf, rejection, role, sisenseBench } from './harness.ts'

const nested = (code: number | undefined, message: string, status: number) => ({
  error: { ...(code === undefined ? {} : { code }), message, status, httpMessage: 'Refused' },
})

describe('the error table of Sisense', async () => {
  const { simulator, state, open } = await sisenseBench('current')

  const createRows = [
    [400, 2005, 'invalid', /named twice \(2005\)/],
    [400, 2002, 'invalid', /no list \(2002\)/],
    [400, 2006, 'invalid', /only one system administrator \(2006\)/],
    [400, 2007, 'quota', /the licence has no free seat for this user \(2007\): as told/],
    [400, 2009, 'invalid', /mandatory field is empty \(2009\)/],
    [422, 2003, 'invalid', /mandatory field is missing \(2003\)/],
    [422, 601, 'invalid', /an id that this instance cannot have \(601\)/],
    [404, undefined, 'invalid', /^as told$/],
    [403, undefined, 'missing-scope', /as told \(needs the Admin role\)/],
    [429, undefined, 'rate-limited', /as told/],
    [500, 500, 'unavailable', /as told/],
  ] as const
  for (const [status, code, failure, words] of createRows) {
    it(`a create that is answered ${status}/${code ?? '–'} is ${failure}`, async () => {
      simulator.failNext({
        method: 'POST',
        path: '/api/v1/users',
        status,
        body: nested(code, 'as told', status),
      })
      const error = await rejection(open().create(draftOf('jane@corp.example')))
      assert.equal(error.failure, failure)
      assert.match(error.detail, words)
      assert.ok(!error.detail.includes('Refused'))
    })
  }

  it('a create that is answered 400/2004, or in words, finds who is there', async () => {
    const { id } = await create(open())
    const again = await open().create(draftOf('jane@corp.example'))
    assert.deepEqual([again.outcome, again.account?.id], ['exists', id])
    for (const [status, body] of [
      [409, nested(undefined, 'User already exists', 409)],
      [400, { code: 2004, status: 400, message: 'flat' }],
    ] as const) {
      simulator.failNext({ method: 'POST', path: '/api/v1/users', status, body })
      assert.equal((await open().create(draftOf('jane@corp.example'))).outcome, 'exists')
    }
  })

  it('401: logs in once where it can, else unauthenticated', async () => {
    simulator.failNext({ path: /roles$/, status: 401, body: nested(undefined, 'expired', 401), times: 2 })
    assert.equal((await rejection(open().catalogue())).failure, 'unauthenticated')
  })

  const readRows = [
    [404, 2001, undefined],
    [422, 601, undefined],
    [404, 202, 'unexpected'],
    [403, undefined, 'missing-scope'],
    [500, 500, 'unavailable'],
  ] as const
  for (const [status, code, failure] of readRows) {
    it(`a read of a user that is answered ${status}/${code ?? '–'} is ${failure ?? 'nobody'}`, async () => {
      const { id } = await create(open())
      simulator.failNext({ path: `/api/v1/users/${id}`, status, body: nested(code, 'as told', status) })
      if (failure === undefined) assert.equal(await open().get(id), undefined)
      else assert.equal((await rejection(open().get(id))).failure, failure)
    })
  }

  it('a 404 of a list or a catalogue never says that a user is gone', async () => {
    const { id } = await create(open())
    for (const path of [/\/roles$/, /\/groups$/]) {
      simulator.failNext({ path, status: 404, body: nested(2001, 'Not found', 404), times: 2 })
      assert.equal((await rejection(open().get(id))).failure, 'unexpected')
      simulator.clearFaults()
    }
  })

  it('licence exceeded is told as quota, and certainly nobody was made', async () => {
    state.toggles.seats = state.users.size
    const error = await rejection(open().create(draftOf('jane@corp.example')))
    assert.deepEqual([error.failure, error.certainlyNotDone], ['quota', true])
    assert.match(error.detail, /no free seat/)
  })

  it('the super user cannot be deleted, and counts as the last owner', async () => {
    const { _id } = state.user('sysadmin@bi.example')!
    const account = await open().get(_id)
    assert.deepEqual([account?.facts.lastOwner, account?.privileged], [true, true])
    const error = await rejection(open().remove?.(_id))
    assert.deepEqual([error.failure, error.status], ['forbidden', 400])
    assert.match(error.detail, /system administrator cannot be removed \(2011\)/)
  })

  it('a second super user is refused, and the catalogue offers none', async () => {
    const target = open()
    const { id } = await create(target)
    assert.ok(!(await target.catalogue()).some((entry) => entry.id === 'super'))
    const change = { assign: [role('super')], revoke: [] }
    const error = await rejection(target.changeEntitlements(id, change))
    assert.deepEqual([error.failure, error.certainlyNotDone], ['invalid', true])
  })

  it('403 of a write on one user is about that user while the token is an administrator’s', async () => {
    const target = open()
    const { id } = await create(target)
    const refusal = {
      method: 'PATCH',
      path: /\/users\//,
      status: 403,
      body: nested(undefined, 'Not yours', 403),
    }
    simulator.failNext(refusal)
    assert.equal((await rejection(target.update(id, { givenName: 'J' }))).failure, 'forbidden')
    state.user('drawbridge')!.roleId = state.roleId('contributor')
    const error = await rejection(target.update(id, { givenName: 'J' }))
    assert.equal(error.failure, 'missing-scope')
    assert.match(error.detail, /needs the Admin role/)
  })

  it('keeps activationToken and hash out of errors', async () => {
    const { id } = await create(open())
    const body = { error: { message: 'no', activationToken: 'act1vate', hash: 'ha5h' } }
    simulator.failNext({ method: 'PATCH', path: /users/, status: 400, body })
    const error = await rejection(open().update(id, { givenName: 'J' }))
    assert.doesNotMatch(JSON.stringify({ ...error, message: error.message }), /act1vate|ha5h/)
  })
})
