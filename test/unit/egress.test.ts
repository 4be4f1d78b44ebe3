import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { publicLookup, type Lookup } from '../../src/egress.ts'

function resolving(...addresses: readonly string[]): Lookup {
  return (_hostname, _options, found) =>
    found(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    )
}

function lookUp(hostname: string, lookup: Lookup, all: boolean): Promise<unknown> {
  return new Promise((resolve, reject) => {
    lookup(hostname, { all }, (error, address) => (error ? reject(error) : resolve(address)))
  })
}

describe('publicLookup', () => {
  const cases = [
    { what: 'a public address', addresses: ['203.0.114.7'], found: '203.0.114.7' },
    { what: 'the public one of two', addresses: ['10.0.0.1', '203.0.114.7'], found: '203.0.114.7' },
  ]
  for (const { what, addresses, found } of cases) {
    it(`gives ${what}`, async () => {
      assert.equal(
        await lookUp('api.vendor.example', publicLookup([], resolving(...addresses)), false),
        found,
      )
    })
  }

  for (const address of [
    '127.0.0.1',
    '10.1.2.3',
    '169.254.169.254',
    '192.168.0.9',
    '::1',
    'fd00::1',
    '::ffff:10.0.0.1',
  ]) {
    it(`finds nothing behind ${address}`, async () => {
      await assert.rejects(lookUp('api.vendor.example', publicLookup([], resolving(address)), true), {
        code: 'ENOTFOUND',
        message: /resolves to no public address/,
      })
    })
  }

  it('follows a host that the operator named, on any port', async () => {
    const lookup = publicLookup(['Vendor.internal:8443'], resolving('10.1.2.3'))
    assert.equal(await lookUp('vendor.internal', lookup, false), '10.1.2.3')
    await assert.rejects(lookUp('other.internal', lookup, false))
  })
})
