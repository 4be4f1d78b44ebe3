import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { VendorError } from '../../../../src/model/errors.ts'
import { clientCredentials, staticToken, type Token } from '../../../../src/vendors/kit/auth.ts'

/** A token endpoint that gives t1, t2, …, each for 1000 s, or fails as told. */
function tokens() {
  let calls = 0
  let clock = 0
  let failing: VendorError | undefined
  const fetchToken = async (): Promise<Token> => {
    calls += 1
    if (failing) throw failing
    return { value: `t${calls}`, expiresIn: 1000 }
  }
  return {
    auth: clientCredentials({ fetchToken, now: () => clock }),
    calls: () => calls,
    at: (seconds: number) => void (clock = seconds * 1000),
    fail: (failure: 'unavailable' | 'unauthenticated' | undefined) => {
      failing = failure && new VendorError(failure, 'no token', { vendor: 'v', operation: 'token' })
    },
  }
}

describe('clientCredentials', () => {
  it('fetches one token, however many ask at once', async () => {
    const { auth, calls } = tokens()
    const all = await Promise.all(Array.from({ length: 20 }, () => auth.headers()))
    assert.ok(all.every(({ authorization }) => authorization === 'Bearer t1'))
    assert.equal(calls(), 1)
    assert.deepEqual(auth.secrets(), ['t1'])
  })

  it('replaces it at 80 % of its life', async () => {
    const { auth, at } = tokens()
    await auth.headers()
    at(799)
    assert.equal((await auth.headers())['authorization'], 'Bearer t1')
    at(800)
    assert.equal((await auth.headers())['authorization'], 'Bearer t2')
  })

  it('goes on with a token that still works while the token endpoint stumbles', async () => {
    const { auth, at, fail } = tokens()
    await auth.headers()
    at(900)
    fail('unavailable')
    assert.equal((await auth.headers())['authorization'], 'Bearer t1')
    at(1000)
    await assert.rejects(auth.headers(), { failure: 'unavailable' })
  })

  it('stops at once when the credentials are refused', async () => {
    const { auth, at, fail } = tokens()
    await auth.headers()
    at(900)
    fail('unauthenticated')
    await assert.rejects(auth.headers(), { failure: 'unauthenticated' })
  })

  it('renews once for many calls that were refused with the same token', async () => {
    const { auth, calls } = tokens()
    const refused = await auth.headers()
    const renewed = await Promise.all([auth.renew(refused), auth.renew(refused)])
    assert.deepEqual(renewed, [true, true])
    assert.equal(await auth.renew(refused), true, 'somebody else renewed it since')
    assert.equal(calls(), 2)
    assert.equal((await auth.headers())['authorization'], 'Bearer t2')
  })

  it('asks again after a failure', async () => {
    const { auth, fail } = tokens()
    fail('unavailable')
    await assert.rejects(auth.headers())
    fail(undefined)
    assert.equal((await auth.headers())['authorization'], 'Bearer t2')
  })
})

describe('staticToken', () => {
  it('has one header and nothing to renew', async () => {
    const auth = staticToken('ApiToken', 's3cret\n')
    assert.deepEqual(await auth.headers(), { authorization: 'ApiToken s3cret' })
    assert.equal(await auth.renew({}), false)
    assert.deepEqual(auth.secrets(), ['s3cret'])
  })
})
