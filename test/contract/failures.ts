import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { VendorError } from '../../src/model/errors.ts'
import { embellishing } from './embellish.ts'
import { openKit, openTarget } from './target.ts'
import type { Bench } from './vendor-contract.ts'

/** How failures come out, whatever the vendor: by kind, with the wait, certain or not, and without secrets. */
export function describeFailures(bench: Bench): void {
  describe('failures', () => {
    describeRefusals(bench)
    describeNonsense(bench)
    describeLosses(bench)
    describeSecrets(bench)
  })
}

function describeRefusals({ subject, simulator, target, draft, create, unless }: Bench): void {
  const { vendor, profile, createCall, getCall } = subject

  it('refuses bad credentials as unauthenticated', async () => {
    const { credentials } = simulator().connection(profile)
    const wrong = Object.fromEntries(Object.keys(credentials).map((key) => [key, `wrong-${key}`]))
    const kit = openKit()
    const other = openTarget(vendor, simulator(), profile, kit, { credentials: wrong })
    await assert.rejects(other.test(), { name: 'VendorError', failure: 'unauthenticated' })
    await kit.dispatcher.close()
  })

  it('tells a missing scope, and names it, on reads and on writes', async () => {
    const { id } = await create('ada')
    for (const [call, act] of [
      [getCall, () => target().get(id)],
      [createCall, () => target().create(draft('bob'))],
    ] as const) {
      simulator().failNext({ ...call, ...subject.lacksScope })
      await assert.rejects(act(), (error) => {
        assert.ok(error instanceof VendorError)
        assert.equal(error.failure, 'missing-scope')
        assert.match(error.detail, /needs \S+/)
        return true
      })
    }
  })

  it('carries the wait and the path class of a rate limit, at once and without a second call', async () => {
    const seconds = 37
    simulator().failNext({ ...createCall, ...subject.rateLimited(seconds) })
    const error = await rejection(target().create(draft('ada')))
    assert.equal(error.failure, 'rate-limited')
    assert.ok(error.pathClass)
    assert.equal(error.certainlyNotDone, true)
    const wait = error.retryAfterMs ?? Number.NaN
    assert.ok(wait > (seconds - 3) * 1000 && wait <= (seconds + 1) * 1000, `waits ${wait} ms`)
    assert.equal(
      simulator()
        .people()
        .some(({ login }) => login.startsWith('ada@')),
      false,
    )
  })

  it(
    'renews an expired token once',
    unless(subject.expireTokens, 'has tokens that never change'),
    async () => {
      const { id } = await create('ada')
      subject.expireTokens?.(simulator())
      assert.equal((await target().get(id))?.id, id)
      simulator().failNext({ ...getCall, status: 401, times: 2 })
      assert.equal((await rejection(target().get(id))).failure, 'unauthenticated')
    },
  )
}

function describeNonsense({ subject, simulator, target, create, draft }: Bench): void {
  const { vendor, profile, getCall, createCall } = subject
  const page = '<!doctype html><title>Sign in</title>'

  for (const [what, fault] of [
    ['an HTML page', { status: 200, body: page }],
    ['half an object', { status: 200, body: '{"resources": [', contentType: 'application/json' }],
    ['JSON of another shape', { status: 200, body: { entirely: 'different' } }],
    ['an empty body', { status: 200, body: '', contentType: 'text/plain' }],
    ['an HTML page that says not found', { status: 404, body: page }],
  ] as const) {
    it(`takes ${what} for unexpected, never for an answer`, async () => {
      const { id } = await create('ada')
      simulator().failNext({ ...getCall, ...fault })
      assert.equal((await rejection(target().get(id))).failure, 'unexpected')
    })
  }

  it('does not know whether a create took effect that was answered with a page', async () => {
    simulator().failNext({ ...createCall, status: 200, body: page })
    const error = await rejection(target().create(draft('ada')))
    assert.deepEqual([error.failure, error.certainlyNotDone], ['unexpected', false])
  })

  it('ignores fields that it has not heard of', async () => {
    const proxy = await embellishing(simulator().origin)
    const kit = openKit()
    const embellished = openTarget(vendor, simulator(), profile, kit, { settings: { baseUrl: proxy.origin } })
    const { account } = await embellished.create(draft('ada'))
    assert.ok(account)
    assert.deepEqual(await embellished.get(account.id), await target().get(account.id))
    assert.deepEqual(await embellished.catalogue(), await target().catalogue())
    await kit.dispatcher.close()
    await proxy.close()
  })
}

function describeLosses({ subject, simulator, target, draft }: Bench): void {
  const { vendor, profile, createCall } = subject

  it('is certain that nothing was done when no connection was made', async () => {
    const kit = openKit()
    const nowhere = openTarget(vendor, simulator(), profile, kit, {
      settings: { baseUrl: 'http://127.0.0.1:1' },
    })
    const error = await rejection(nowhere.create(draft('ada')))
    assert.deepEqual([error.failure, error.certainlyNotDone], ['unavailable', true])
    await kit.dispatcher.close()
  })

  it('is not certain when the connection broke after the request was sent', async () => {
    simulator().failNext({ ...createCall, drop: true })
    const error = await rejection(target().create(draft('ada')))
    assert.deepEqual([error.failure, error.certainlyNotDone], ['unavailable', false])
  })

  it('is not certain when no answer came in time', async () => {
    const kit = openKit({ timeoutMs: 400 })
    const hasty = openTarget(vendor, simulator(), profile, kit)
    const hold = simulator().hold(createCall)
    const error = await rejection(hasty.create(draft('ada')))
    hold.release()
    assert.deepEqual([error.failure, error.certainlyNotDone], ['unavailable', false])
    await kit.dispatcher.close()
  })
}

function describeSecrets({ subject, simulator, target, create, draft }: Bench): void {
  const { profile, createCall, getCall } = subject

  it('keeps secrets out of every error', async () => {
    const { credentials } = simulator().connection(profile)
    const { id } = await create('ada')
    const told = { activationToken: 'act1vation', invite_link: 'https://vendor.example/join/1nvite' }
    const secrets = [...Object.values(credentials), 'act1vation', '1nvite']
    const words = `refused ${Object.values(credentials).join(' and ')}`

    for (const status of [200, 400, 401, 403, 404, 409, 429, 500]) {
      for (const body of [
        { detail: words, ...told, errors: [{ code: status, message: words, ...told }] },
        words,
      ]) {
        simulator().failNext({ ...createCall, status, body, times: 2 })
        const error = await target()
          .create(draft(`bob${status}`))
          .catch((reason: unknown) => reason)
        simulator().clearFaults()
        assertWithout(error, secrets)
      }
    }
    simulator().failNext({ ...getCall, drop: true })
    assertWithout(await rejection(target().get(id)), secrets)
  })
}

async function rejection(promise: Promise<unknown>): Promise<VendorError> {
  const error = await promise.then(
    () => assert.fail('expected a rejection'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof VendorError, String(error))
  return error
}

/** Every own property, hidden ones and those of the causes included. */
function assertWithout(error: unknown, secrets: readonly string[]): void {
  const seen = new Set<unknown>()
  const write = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return String(value)
    if (seen.has(value)) return ''
    seen.add(value)
    return Reflect.ownKeys(value)
      .map((key) => `${String(key)}=${write(Reflect.get(value, key))}`)
      .join('\n')
  }
  const text = write(error)
  for (const secret of secrets) assert.ok(!text.includes(secret), `a secret shows: ${text}`)
}
