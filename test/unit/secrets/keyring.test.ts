import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { createKeyring, type Sealed } from '../../../src/secrets/keyring.ts'
import { parseMasterKeys } from '../../../src/secrets/keys.ts'

const material = (): string => randomBytes(32).toString('base64')
const noFile = (): string => {
  throw new Error('no file')
}
function ringOf(text: string) {
  const parsed = parseMasterKeys(text, noFile)
  assert.ok('keys' in parsed, JSON.stringify(parsed))
  return createKeyring(parsed.keys)
}

const destination = {
  directoryId: '019aa000-0000-7000-8000-0000000000d1',
  vendor: 'sisense',
  apiProfile: 'current',
  settings: { baseUrl: 'https://bi.corp.example', sso: true },
}
const place = { connectionId: '019aa000-0000-7000-8000-000000000001', revision: 3, destination }
const secrets = { clientId: 'id-of-client', clientSecret: 'a-secret-that-must-not-show' }
const code = (expected: string) => (error: Error & { code?: string }) => {
  assert.equal(error.code, expected)
  assert.ok(!error.message.includes(secrets.clientSecret))
  return true
}

describe('the keyring', () => {
  it('opens what it sealed, shows nothing of it, and never seals the same twice', () => {
    const ring = ringOf(material())
    const [one, two] = [ring.seal(place, secrets), ring.seal(place, secrets)]
    assert.deepEqual(ring.open(place, one), secrets)
    assert.notDeepEqual(one.bytes, two.bytes)
    assert.ok(!Buffer.from(one.bytes).toString('latin1').includes('secret'))
    assert.equal(one.key, ring.ids[0])
  })

  it('refuses a text that was changed anywhere, cut or emptied', () => {
    const ring = ringOf(material())
    const sealed = ring.seal(place, secrets)
    for (let at = 0; at < sealed.bytes.length; at++) {
      const bytes = Uint8Array.from(sealed.bytes)
      bytes[at]! ^= 1
      assert.throws(() => ring.open(place, { ...sealed, bytes }), code('MASTER_KEY_WRONG'), `byte ${at}`)
    }
    for (const length of [0, 1, 29, sealed.bytes.length - 1])
      assert.throws(
        () => ring.open(place, { ...sealed, bytes: sealed.bytes.subarray(0, length) }),
        code('MASTER_KEY_WRONG'),
      )
  })

  it('refuses a text that was moved to another connection or to another revision', () => {
    const ring = ringOf(material())
    const sealed = ring.seal(place, secrets)
    const elsewhere = { ...place, connectionId: place.connectionId.replace(/1$/, '2') }
    assert.throws(() => ring.open(elsewhere, sealed), code('MASTER_KEY_WRONG'))
    assert.throws(() => ring.open({ ...place, revision: 2 }, sealed), code('MASTER_KEY_WRONG'))
  })

  it('opens only for whom it was sealed: vendor, directory, profile and every setting', () => {
    const ring = ringOf(material())
    const sealed = ring.seal(place, secrets)
    const { settings } = destination
    for (const change of [
      { settings: { ...settings, baseUrl: 'https://evil.example' } },
      { settings: { ...settings, region: 'eu' } },
      { settings: { baseUrl: settings.baseUrl } },
      { vendor: 'sentry' },
      { apiProfile: 'guide' },
      { directoryId: '019aa000-0000-7000-8000-0000000000d2' },
    ]) {
      const moved = { ...place, destination: { ...destination, ...change } }
      assert.throws(() => ring.open(moved, sealed), code('MASTER_KEY_WRONG'), JSON.stringify(change))
    }
    const reordered = { sso: true, baseUrl: settings.baseUrl }
    assert.deepEqual(
      ring.open({ ...place, destination: { ...destination, settings: reordered } }, sealed),
      secrets,
    )
  })

  it('does not take a bound text for one of a former release, nor the other way round', () => {
    const ring = ringOf(material())
    const sealed = ring.seal(place, secrets)
    assert.throws(() => ring.openUnbound(place, sealed), code('MASTER_KEY_WRONG'))
    const bytes = Uint8Array.from(sealed.bytes)
    bytes[0] = 1
    assert.throws(() => ring.openUnbound(place, { ...sealed, bytes }), code('MASTER_KEY_WRONG'))
  })

  it('tells a key that is missing from one that is another of the same name', () => {
    const sealed: Sealed = ringOf(`one:${material()}`).seal(place, secrets)
    assert.throws(() => ringOf(`two:${material()}`).open(place, sealed), code('MASTER_KEY_MISSING'))
    assert.throws(() => ringOf(`one:${material()}`).open(place, sealed), code('MASTER_KEY_WRONG'))
    assert.throws(() => createKeyring([]).open(place, sealed), code('MASTER_KEY_MISSING'))
    assert.throws(() => createKeyring([]).seal(place, secrets), code('MASTER_KEY_MISSING'))
  })

  it('seals with the first of several keys and opens with all', () => {
    const [old, next] = [material(), material()]
    const before = ringOf(old).seal(place, secrets)
    const both = ringOf(`${next},${old}`)
    assert.deepEqual(both.open(place, before), secrets)
    const after = both.seal(place, secrets)
    assert.equal(after.key, both.ids[0])
    assert.deepEqual(ringOf(next).open(place, after), secrets)
  })
})

describe('the list of master keys', () => {
  it('is read from a file, one key a line, and names keys that have no name by what they are', () => {
    const [one, two] = [material(), material()]
    const parsed = parseMasterKeys('file:/run/secrets/keys', (path) => {
      assert.equal(path, '/run/secrets/keys')
      return `2026:${two}\n${one}\n`
    })
    assert.ok('keys' in parsed)
    assert.equal(parsed.keys[0]?.id, '2026')
    assert.match(parsed.keys[1]?.id ?? '', /^[0-9a-f]{8}$/)
    assert.equal(parsed.keys[1]?.id, ringOf(one).ids[0])
    assert.ok(!JSON.stringify(parsed).includes(one))
  })

  const short = randomBytes(16).toString('base64')
  const key = material()
  for (const [what, text, fault] of [
    ['nothing', ' , ', /holds no key/],
    ['a short key', short, /32 bytes/],
    ['a text', 'correct horse battery staple', /32 bytes/],
    ['an unusable name', `a b:${key}`, /unusable name/],
    ['a name twice', `a:${key},a:${material()}`, /two keys the name a/],
    ['a key twice', `a:${key},b:${key}`, /same key twice/],
    ['a file that is not there', 'file:/nowhere', /cannot be read/],
  ] as const) {
    it(`is refused with ${what}, without a word of it`, () => {
      const parsed = parseMasterKeys(text, noFile)
      assert.ok('fault' in parsed)
      assert.match(parsed.fault, fault)
      assert.ok(!parsed.fault.includes(key) && !parsed.fault.includes(short))
    })
  }
})
