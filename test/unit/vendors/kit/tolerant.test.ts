import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Type from 'typebox'
import { VendorError, type VendorErrorDetails } from '../../../../src/model/errors.ts'
import type { Target } from '../../../../src/vendors/contract.ts'
import { People, readAs, type SetAside } from '../../../../src/vendors/kit/shape.ts'
import { asideNow, readTogether, tolerant } from '../../../../src/vendors/kit/tolerant.ts'

const Row = Type.Object({ id: Type.String({ minLength: 1 }), email: Type.String() })

function asideIn(...rows: readonly unknown[]): readonly SetAside[] {
  const read = readAs(People(Row), rows)
  assert.ok(read.ok)
  return read.setAside
}

const details = { vendor: 'any', operation: 'list' } satisfies VendorErrorDetails
const unreadable = (): VendorError =>
  new VendorError('unexpected', 'unreadable reply', { ...details, status: 200 })

/** A target whose lists set these entries aside, and show nobody. */
function targetWith(aside: readonly SetAside[]) {
  const target: Partial<Target> = {
    async find() {
      for (const each of aside) asideNow()?.person(each)
      return []
    },
  }
  return tolerant(target as Target, 'any')
}

describe('somebody whose entry cannot be read', () => {
  it('stands for nobody of another name, and for whoever it names', async () => {
    const target = targetWith(asideIn({ email: 'eve@corp.example' }))
    assert.deepEqual(await target.find('email', 'ada@corp.example', '7'), [])
    await assert.rejects(target.find('email', 'Eve@Corp.example'), { failure: 'unexpected' })
  })

  it('may be anybody when it tells neither id nor name', async () => {
    for (const entry of [{}, null, 'odd', { email: '' }, { email: 7 }])
      await assert.rejects(targetWith(asideIn(entry)).find('email', 'ada@corp.example'), String(entry))
  })

  it('is the account that is asked about when it has its id, whatever its name', async () => {
    const target = targetWith(asideIn({ id: '7', email: null }))
    assert.deepEqual(await target.find('email', 'ada@corp.example', '8'), [])
    await assert.rejects(target.find('email', 'ada@corp.example', '7'), { failure: 'unexpected' })
  })
})

describe('people who are read together', () => {
  /** Answers for several; one of them spoils whatever answer they are in. */
  function reading(spoilers: readonly string[], error = unreadable) {
    const calls: string[] = []
    const aside: (string | undefined)[] = []
    const target: Partial<Target> = {
      async *list() {
        const ids = ['a', 'b', 'c', 'd', 'e']
        const read = async (some: readonly string[]): Promise<readonly string[]> => {
          calls.push(some.join(''))
          if (some.some((id) => spoilers.includes(id))) throw error()
          return some
        }
        for (const id of await readTogether(ids, 4, read)) yield { id } as never
      },
    }
    const names = async (): Promise<string> => {
      const found: string[] = []
      for await (const { id } of tolerant(target as Target, 'any').list(({ id }) => void aside.push(id)))
        found.push(id)
      return found.join('')
    }
    return { names, calls, aside }
  }

  it('are not held up by the one who spoils the answer: that one is set aside', async () => {
    const { names, aside } = reading(['b'])
    assert.equal(await names(), 'acde')
    assert.deepEqual(aside, ['b'])
  })

  it('are all unread where no half can be read, after few calls', async () => {
    const { names, calls } = reading(['a', 'b', 'c', 'd', 'e'])
    await assert.rejects(names(), { failure: 'unexpected' })
    assert.ok(calls.length <= 4, calls.join(' '))
  })

  it('are asked for without those who are gone', async () => {
    const { names, aside } = reading(['b'], () => new VendorError('not-found', 'gone', details))
    assert.equal(await names(), 'acde')
    assert.deepEqual(aside, [])
  })

  it('are not asked for again and again where the vendor is away', async () => {
    const { names, calls } = reading(
      ['b'],
      () => new VendorError('unavailable', '503', { ...details, status: 503 }),
    )
    await assert.rejects(names(), { failure: 'unavailable' })
    assert.equal(calls.length, 1)
  })
})
