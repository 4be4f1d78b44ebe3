import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import Type from 'typebox'
import type { Call, Reply, Requester } from '../../../../src/vendors/kit/http.ts'
import { VendorError } from '../../../../src/model/errors.ts'
import type { Target } from '../../../../src/vendors/contract.ts'
import { cursorInLinkHeader, pages } from '../../../../src/vendors/kit/paginate.ts'
import { People } from '../../../../src/vendors/kit/shape.ts'
import { tolerant } from '../../../../src/vendors/kit/tolerant.ts'

const first: Call = {
  operation: 'list',
  method: 'GET',
  path: 'things/',
  pathClass: 'things',
  query: { per_page: 2 },
}
const reply = (headers: Record<string, string>, body: unknown = []): Reply => ({
  status: 200,
  headers,
  body,
  readable: true,
})

/** Answers by the query, and keeps the calls. */
function answering(answer: (call: Call) => Reply) {
  const calls: Call[] = []
  const send = async (call: Call) => {
    calls.push(call)
    return answer(call)
  }
  return { calls, send: Object.assign(send, { vendor: 'test' }) as unknown as Requester }
}

async function collect<T>(source: AsyncIterable<readonly T[]>): Promise<readonly T[]> {
  const all: T[] = []
  for await (const page of source) all.push(...page)
  return all
}

const link = (cursor: string, results: boolean) =>
  `<https://x.example/?&cursor=0:0:1>; rel="previous"; results="true"; cursor="0:0:1", ` +
  `<https://x.example/?a=1,2&cursor=${cursor}>; rel="next"; results="${results}"; cursor="${cursor}"`

describe('cursorInLinkHeader', () => {
  it('follows next until it has no results, and keeps the rest of the query', async () => {
    const { send, calls } = answering(({ query }) =>
      query?.['cursor'] === undefined
        ? reply({ link: link('0:2:0', true) }, ['a', 'b'])
        : reply({ link: link('0:4:0', false) }, ['c']),
    )
    const things = pages(send, first, Type.Array(Type.String()), cursorInLinkHeader)
    assert.deepEqual(await collect(things), ['a', 'b', 'c'])
    assert.deepEqual(
      calls.map(({ query }) => query),
      [{ per_page: 2 }, { per_page: 2, cursor: '0:2:0' }],
    )
  })

  it('ends without a header', () => assert.equal(cursorInLinkHeader(reply({}), first), undefined))

  it('rejects a listing that names the same page again', async () => {
    const { send, calls } = answering(() => reply({ link: link('0:2:0', true) }, ['a']))
    const things = pages(send, first, Type.Array(Type.String()), cursorInLinkHeader)
    await assert.rejects(collect(things), { failure: 'unexpected' })
    assert.equal(calls.length, 2)
  })
})

describe('a listing', () => {
  it('remembers every cursor: A, B, A ends', async () => {
    const turn: Record<string, string> = { '': 'A', A: 'B', B: 'A' }
    const { send, calls } = answering(({ query }) =>
      reply({ link: link(turn[String(query?.['cursor'] ?? '')]!, true) }, ['a']),
    )
    await assert.rejects(collect(pages(send, first, Type.Array(Type.String()), cursorInLinkHeader)), {
      failure: 'unexpected',
      detail: 'the listing goes round in circles',
    })
    assert.equal(calls.length, 3)
  })
})

describe('a page that the vendor leads to and refuses', () => {
  const refusing = (schema: 'rows' | 'plain') => {
    const { send } = answering(({ query }) => {
      if (query?.['cursor'] === undefined) return reply({ link: link('0:2:0', true) }, ['a', 'b'])
      throw new VendorError('invalid', 'Invalid cursor', { vendor: 'test', operation: 'list' })
    })
    const shape = schema === 'rows' ? People(Type.String()) : Type.Array(Type.String())
    return async function* () {
      for await (const page of pages(send, first, shape, cursorInLinkHeader)) yield* page
    }
  }
  const targetOf = (list: () => AsyncGenerator<string>) =>
    tolerant(
      {
        list: async function* () {
          for await (const id of list()) yield { id }
        },
      } as unknown as Target,
      'test',
    )

  it('ends a list of people that proves nobody missing', async () => {
    const aside: unknown[] = []
    const ids: string[] = []
    for await (const { id } of targetOf(refusing('rows')).list((entry) => aside.push(entry))) ids.push(id)
    assert.deepEqual(ids, ['a', 'b'])
    assert.deepEqual(aside, [{ id: undefined }])
  })

  it('is a failure where less than all must not be read as all', async () => {
    const listing = targetOf(refusing('plain')).list()
    await assert.rejects(
      async () => {
        for await (const _ of listing);
      },
      { failure: 'invalid' },
    )
  })
})
