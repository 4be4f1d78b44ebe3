import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { describe, it } from 'node:test'
import { isWeakSecret } from '../../../src/config/weak-secret.ts'

describe('a secret that people choose', () => {
  for (const weak of [
    '',
    'short',
    'aaaaaaaaaaaaaaaa',
    'abababababababababab',
    'passwordpassword',
    '0123456789abcdef',
    '12345678901234567890',
    'abcdefghijklmnopqrstuvwxyz',
  ])
    it(`is refused where it could be guessed: ${weak}`, () => assert.equal(isWeakSecret(weak), true))

  it('is taken as random as tools make it', () => {
    for (let n = 0; n < 500; n++) {
      assert.equal(isWeakSecret(randomBytes(16).toString('hex')), false)
      assert.equal(isWeakSecret(randomBytes(12).toString('base64')), false)
    }
  })
})
