import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recordOf } from '../../../../src/vendors/kit/words.ts'

describe('a recorded body', () => {
  it('holds no secret, neither by its name nor by its value', () => {
    const recorded = recordOf(
      {
        email: 'ada@corp.example',
        password: 'first password',
        invite_link: 'https://vendor.example/accept/1',
        nested: [{ activationToken: 't0k3n', note: 'the key is s3cr3t-value' }],
        text: 'Bearer abcdefghijkl',
      },
      ['s3cr3t-value'],
    )
    const text = JSON.stringify(recorded)
    for (const secret of ['first password', 'accept/1', 't0k3n', 's3cr3t-value', 'abcdefghijkl'])
      assert.ok(!text.includes(secret), secret)
    assert.ok(text.includes('ada@corp.example'))
  })

  it('is cut where it is long or deep', () => {
    let deep: unknown = 'end'
    for (let level = 0; level < 50; level += 1) deep = { deep }
    const text = JSON.stringify(
      recordOf({ deep, list: Array.from({ length: 1_000 }, () => 'x'.repeat(9_000)) }, []),
    )
    assert.ok(text.length < 250_000)
    assert.match(text, /… 950 more/)
  })

  it('leaves numbers, nothing and truth as they are', () => {
    assert.deepEqual(recordOf({ count: 1, none: null, yes: true }, []), { count: 1, none: null, yes: true })
    assert.equal(recordOf(undefined, []), undefined)
  })
})
