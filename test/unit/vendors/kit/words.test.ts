import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { redactor, secretsIn, wordsOf } from '../../../../src/vendors/kit/words.ts'

const words = wordsOf(['s3cret/+"x'])

describe('wordsOf', () => {
  for (const [shape, body, expected] of [
    ['a detail', { detail: 'no such thing' }, 'no such thing'],
    [
      'a map of fields',
      { email: ['too long', 'odd'], role: 'unknown' },
      'email: too long; email: odd; role: unknown',
    ],
    ['a string', 'slow down', 'slow down'],
    ['a list of errors', { errors: [{ code: 400, message: 'bad uuid' }], resources: [] }, 'bad uuid'],
    ['a nested detail', { detail: { code: 'sso', message: 'log in' } }, 'code: sso; log in'],
    ['lines', { detail: 'one\n  two' }, 'one two'],
    ['nothing', undefined, ''],
    ['a number', 7, ''],
  ] as const) {
    it(`reads ${shape}`, () => assert.equal(words(body), expected))
  }

  it('gives at most 300 characters', () => assert.equal(words('x'.repeat(5000)).length, 300))

  it('leaves out fields that hold secrets, and keeps e-mail addresses', () => {
    const body = {
      detail: 'ada@x.example exists',
      activationToken: 'aaa',
      invite_link: 'bbb',
      password: 'ccc',
    }
    assert.equal(words(body), 'ada@x.example exists')
  })

  it('does not follow bodies without end', () => {
    let deep: unknown = 'end'
    for (let n = 0; n < 10_000; n += 1) deep = { deep }
    assert.equal(words(deep), '')
  })
})

describe('redactor', () => {
  it('takes a secret out however it is escaped', () => {
    const redact = redactor(['s3cret/+"x'])
    for (const form of [
      's3cret/+"x',
      encodeURIComponent('s3cret/+"x'),
      JSON.stringify({ t: 's3cret/+"x' }),
    ]) {
      assert.ok(!/s3cret/.test(redact(`before ${form} after`)))
    }
  })

  it('takes out what looks like a token, and nothing of ordinary words', () => {
    const redact = redactor([])
    assert.equal(redact('got Bearer abcdef123456'), 'got [redacted]')
    assert.equal(redact('sntryu_abc is old'), '[redacted] is old')
    assert.equal(redact('secret=hunter2 was wrong'), '[redacted] was wrong')
    assert.equal(redact('Invalid token'), 'Invalid token')
    assert.equal(redact('password: must be longer'), 'password: must be longer')
    assert.equal(redact('token: abc123def456 is old'), '[redacted] is old')
    assert.equal(redact('{"password": "letters"}'), '{"[redacted]"}')
    assert.equal(redact('the bearer of bad news'), 'the bearer of bad news')
  })

  it('never lets a known secret through', () => {
    const secret = fc.string({ minLength: 6 }).filter((text) => !'[redacted]'.includes(text))
    fc.assert(
      fc.property(secret, fc.string(), fc.string(), (text, before, after) => {
        assert.ok(!redactor([text])(`${before}${text}${after}`).includes(text))
      }),
    )
  })
})

describe('secretsIn', () => {
  it('finds what a request sends under keys that name a secret, however deep', () => {
    const sent = {
      data: { email: 'ada', password: 'p1', list: [{ apiToken: 'p2' }] },
      client_secret: 'p3',
      secret: 4,
    }
    assert.deepEqual(secretsIn(sent), ['p1', 'p2', 'p3'])
    assert.deepEqual(
      [undefined, 'text', null, []].flatMap((each) => secretsIn(each)),
      [],
    )
  })
})
