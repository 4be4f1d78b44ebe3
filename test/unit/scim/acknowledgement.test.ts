import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { acknowledgeWhenSent } from '../../../src/scim/http/reply/acknowledgement.ts'

const request = { id: 'r1', log: { error() {} } } as unknown as FastifyRequest

function exchange(destroyed = false) {
  const raw = Object.assign(new EventEmitter(), { destroyed })
  const marks: boolean[] = []
  const acknowledge = async (sent: boolean): Promise<void> => void marks.push(sent)
  return { raw, marks, acknowledge, reply: { raw } as unknown as FastifyReply }
}

/** What follows from promises that are settled already. */
const settled = (): Promise<void> => new Promise(setImmediate)

describe('the acknowledgement of a create', () => {
  it('stays when the answer got out before the connection closed', async () => {
    const { raw, marks, acknowledge, reply } = exchange()
    assert.equal(await acknowledgeWhenSent(request, reply, acknowledge, async () => 'body'), 'body')
    raw.emit('finish')
    raw.emit('close')
    await settled()
    assert.deepEqual(marks, [true])
  })

  it('is withdrawn when the connection closes with the answer inside', async () => {
    const { raw, marks, acknowledge, reply } = exchange()
    await acknowledgeWhenSent(request, reply, acknowledge, async () => 'body')
    raw.emit('close')
    await settled()
    assert.deepEqual(marks, [true, false])
  })

  it('is withdrawn after it was made, also when the connection closes while it is being made', async () => {
    const { raw, marks, acknowledge, reply } = exchange()
    const made = Promise.withResolvers<void>()
    const slow = async (sent: boolean): Promise<void> => {
      if (sent) await made.promise
      await acknowledge(sent)
    }
    const answered = acknowledgeWhenSent(request, reply, slow, async () => 'body')
    await settled()
    raw.emit('close')
    made.resolve()
    await answered
    await settled()
    assert.deepEqual(marks, [true, false])
  })

  it('is not made when nobody listens any more', async () => {
    const { marks, acknowledge, reply } = exchange(true)
    await acknowledgeWhenSent(request, reply, acknowledge, async () => 'body')
    assert.deepEqual(marks, [false])
  })
})
