import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** Answers a create with what `answer` gives, and marks it as acknowledged when that is out. */
export type AcknowledgeWhenSent = <T>(
  request: FastifyRequest,
  reply: FastifyReply,
  acknowledge: (sent: boolean) => Promise<void>,
  answer: () => Promise<T>,
) => Promise<T>

/**
 * Marks creates as acknowledged once their answers are handed to the socket; one whose connection closes before that is
 * free to be sent again, because the client does not know the id (ADR 0027). Until the mark is made the create counts as
 * still running. A server that stops makes all marks first.
 */
export function createAcknowledgements(app: Pick<FastifyInstance, 'addHook'>): AcknowledgeWhenSent {
  const pending = new Set<Promise<void>>()
  app.addHook('onClose', async () => {
    await Promise.all(pending)
  })

  return async (request, reply, acknowledge, answer) => {
    const mark = (sent: boolean): Promise<void> => {
      const marked = acknowledge(sent)
        .catch((error: unknown) => {
          // Unmarked, the same create is applied as PUT when it comes again: no harm to the client.
          request.log.error({ err: error, requestId: request.id }, 'create not acknowledged')
        })
        .finally(() => pending.delete(marked))
      pending.add(marked)
      return marked
    }
    const { raw } = reply
    try {
      const body = await answer()
      let out = false
      raw.once('finish', () => {
        out = true
        void mark(true)
      })
      if (raw.destroyed) await mark(false)
      else raw.once('close', () => void (out || mark(false)))
      return body
    } catch (error) {
      await mark(false)
      throw error
    }
  }
}
