import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createPlaces } from '../../../src/provisioning/places.ts'

function atNoon(all = 64) {
  let now = 0
  const places = createPlaces(
    () => all,
    () => now,
  )
  return { places, pass: (ms: number) => (now += ms) }
}

describe('the places of workers', () => {
  it('are shared: half for a connection, three quarters for a directory and for what is not urgent', () => {
    const { places } = atNoon()
    places.take('a')
    assert.equal(places.free(), 63)
    assert.deepEqual(places.shares(), {
      connections: [{ id: 'a', holds: 1, most: 32 }],
      mostOfConnection: 32,
      mostOfDirectory: 48,
      unhurried: 47,
    })
  })

  it('are an eighth for a connection whose runs take long, until a minute after the last of them', () => {
    const { places, pass } = atNoon()
    const [first, second] = [places.take('silent'), places.take('silent')]
    pass(10_001)
    assert.deepEqual(places.shares().connections, [{ id: 'silent', holds: 2, most: 8 }])
    first()
    second()
    pass(59_000)
    assert.deepEqual(places.shares().connections, [{ id: 'silent', holds: 0, most: 8 }])
    pass(2_000)
    places.shares()
    assert.deepEqual(places.shares().connections, [])
  })

  it('are at least one, however few there are', () => {
    const { places } = atNoon(1)
    const { mostOfConnection, mostOfDirectory, unhurried } = places.shares()
    assert.deepEqual([mostOfConnection, mostOfDirectory, unhurried], [1, 1, 1])
  })
})
