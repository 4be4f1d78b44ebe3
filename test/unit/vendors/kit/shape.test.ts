import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Type from 'typebox'
import { fits } from '../../../../src/vendors/kit/shape.ts'

const page = () =>
  Type.Object({ id: Type.String(), members: Type.Array(Type.Object({ role: Type.String() })) })

describe('the shape of a body', () => {
  it('is judged alike when it is asked once and when it is asked a thousand times', () => {
    const often = page()
    const bodies: readonly (readonly [unknown, boolean])[] = [
      [{ id: '1', members: [{ role: 'Admin', more: 1 }] }, true],
      [{ id: 1, members: [] }, false],
      [{ id: '1', members: [{ role: 7 }] }, false],
      [{ id: '1' }, false],
      ['<html>', false],
      [undefined, false],
    ]
    for (let time = 0; time < 1_000; time += 1)
      for (const [body, expected] of bodies) assert.equal(fits(often, body), expected)
    for (const [body, expected] of bodies) assert.equal(fits(page(), body), expected)
  })
})
