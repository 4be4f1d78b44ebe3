import type { FastifyReply, FastifyRequest } from 'fastify'

/**
 * Marks a create as acknowledged just before its answer is handed to the socket, and takes the mark back when the
 * connection closes before the answer is out: the client then does not know the id and will send the create again.
 */
export async function acknowledgeWhenSent<T>(
  request: FastifyRequest,
  reply: FastifyReply,
  acknowledge: (sent: boolean) => Promise<void>,
  answer: () => Promise<T>,
): Promise<T> {
  const mark = (sent: boolean): Promise<void> =>
    acknowledge(sent).catch((error: unknown) => {
      // Unmarked, the same create is applied as PUT when it comes again: no harm to the client.
      request.log.error({ err: error, requestId: request.id }, 'create not acknowledged')
    })
  const { raw } = reply
  let body: T
  try {
    body = await answer()
  } catch (error) {
    await mark(false)
    throw error
  }
  if (raw.destroyed) {
    await mark(false)
    return body
  }
  let out = false
  raw.once('finish', () => {
    out = true
  })
  const marked = mark(true)
  raw.once('close', () => {
    if (!out) void marked.then(() => mark(false))
  })
  await marked
  return body
}
