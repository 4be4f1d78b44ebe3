import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { checkBaseUrl, isPublicAddress } from '../../../src/config/base-url.ts'

const cases: readonly [url: string, insecure: readonly string[], expected: string | RegExp][] = [
  ['https://sentry.example.com', [], 'https://sentry.example.com'],
  ['https://sentry.example.com/', [], 'https://sentry.example.com'],
  ['https://sentry.example.com:8443', [], 'https://sentry.example.com:8443'],
  ['http://sentry.example.com', [], /must be https/],
  ['http://sentry.example.com', ['sentry.example.com'], 'http://sentry.example.com'],
  ['http://sentry.example.com:8080', ['sentry.example.com:9000'], /must be https/],
  ['http://sentry.example.com:9000', ['SENTRY.example.com:9000'], 'http://sentry.example.com:9000'],
  ['http://127.0.0.1:9000', ['127.0.0.1'], 'http://127.0.0.1:9000'],
  ['https://127.0.0.1', [], /public host/],
  ['https://[::1]', [], /public host/],
  ['http://[::1]:9000', ['[::1]:9000'], 'http://[::1]:9000'],
  ['https://[::ffff:10.0.0.1]', [], /public host/],
  ['https://2130706433', [], /public host/],
  ['https://10.1.2.3', [], /public host/],
  ['https://169.254.169.254', [], /public host/],
  ['https://localhost', [], /public host/],
  ['https://api.localhost', [], /public host/],
  ['https://sentry', [], /public host/],
  ['https://sentry.internal', [], /public host/],
  ['https://sentry.example.com/api/0', [], /origin only/],
  ['https://sentry.example.com?x=1', [], /origin only/],
  ['https://user:pass@sentry.example.com', [], /origin only/],
  ['ftp://sentry.example.com', [], /must be an origin/],
  ['sentry.example.com', [], /must be an origin/],
]

describe('base URLs', () => {
  for (const [url, insecure, expected] of cases) {
    it(`judges ${url} with [${insecure.join()}]`, () => {
      const result = checkBaseUrl(url, insecure)
      if (typeof expected === 'string') assert.deepEqual(result, { origin: expected })
      else assert.match('fault' in result ? result.fault : 'accepted', expected)
    })
  }

  it('knows public addresses', () => {
    assert.ok(isPublicAddress('8.8.8.8'))
    assert.ok(isPublicAddress('2606:4700::1111'))
    assert.ok(!isPublicAddress('192.168.1.1'))
    assert.ok(!isPublicAddress('fe80::1'))
    assert.ok(!isPublicAddress('no address'))
  })
})
