import assert from 'node:assert/strict'
import { EventEmitter } from 'node:events'
import { describe, it } from 'node:test'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { createAcknowledgements } from '../../../src/scim/http/acknowledgement.ts'

const request = { id: 'r1', log: { error() {} } } as unknown as FastifyRequest

function exchange(destroyed = false) {
  const raw = Object.assign(new EventEmitter(), { destroyed })
  const marks: boolean[] = []
  const closing: (() => Promise<unknown>)[] = []
  const app = { addHook: (_: string, hook: () => Promise<unknown>) => void closing.push(hook) }
  return {
    raw,
    marks,
    acknowledge: async (sent: boolean): Promise<void> => void marks.push(sent),
    reply: { raw } as unknown as FastifyReply,
    acknowledgeWhenSent: createAcknowledgements(app as unknown as FastifyInstance),
    close: () => Promise.all(closing.map((hook) => hook())),
  }
}

/** What follows from promises that are settled already. */
const settled = (): Promise<void> => new Promise(setImmediate)

describe('the acknowledgement of a create', () => {
  it('is made once the answer got out, and stays when the connection closes', async () => {
    const { raw, marks, acknowledge, reply, acknowledgeWhenSent } = exchange()
    assert.equal(await acknowledgeWhenSent(request, reply, acknowledge, async () => 'body'), 'body')
    assert.deepEqual(marks, [], 'nothing is out yet')
    raw.emit('finish')
    raw.emit('close')
    await settled()
    assert.deepEqual(marks, [true])
  })

  it('is withdrawn when the connection closes with the answer inside', async () => {
    const { raw, marks, acknowledge, reply, acknowledgeWhenSent } = exchange()
    await acknowledgeWhenSent(request, reply, acknowledge, async () => 'body')
    raw.emit('close')
    await settled()
    assert.deepEqual(marks, [false])
  })

  it('is withdrawn when there is no answer', async () => {
    const { marks, acknowledge, reply, acknowledgeWhenSent } = exchange()
    await assert.rejects(
      acknowledgeWhenSent(request, reply, acknowledge, () => Promise.reject(new Error('no answer'))),
      { message: 'no answer' },
    )
    assert.deepEqual(marks, [false])
  })

  it('is made before the server has stopped', async () => {
    const { raw, marks, acknowledge, reply, acknowledgeWhenSent, close } = exchange()
    const slow = async (sent: boolean): Promise<void> => {
      await settled()
      await acknowledge(sent)
    }
    await acknowledgeWhenSent(request, reply, slow, async () => 'body')
    raw.emit('finish')
    await close()
    assert.deepEqual(marks, [true])
  })

  it('is not made when nobody listens any more', async () => {
    const { marks, acknowledge, reply, acknowledgeWhenSent } = exchange(true)
    await acknowledgeWhenSent(request, reply, acknowledge, async () => 'body')
    assert.deepEqual(marks, [false])
  })

  it('leaves the create to be repeated when the store fails, and the answer as it is', async () => {
    const { raw, reply, acknowledgeWhenSent, close } = exchange()
    const failing = () => Promise.reject(new Error('away'))
    assert.equal(await acknowledgeWhenSent(request, reply, failing, async () => 'body'), 'body')
    raw.emit('finish')
    await close()
  })
})
