import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { errorBody, ScimError } from '../../errors.ts'

/** Every failure becomes a SCIM error (RFC 7644 §3.12); what is ours to mend is logged and not described. */
export function answerErrors(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const known = error instanceof ScimError ? error : (ofFastify(error) ?? ofStore(error))
    if (!known) request.log.error({ err: error, requestId: request.id }, 'scim request failed')
    else if (known.status === 503 && known !== (error as unknown)) {
      request.log.error({ err: error, requestId: request.id }, 'store unavailable')
    }
    return sendError(reply, known ?? new ScimError(500, `Internal error (request ${request.id})`))
  })
  app.setNotFoundHandler((_request: FastifyRequest, reply: FastifyReply) =>
    sendError(reply, new ScimError(404, 'No such endpoint')),
  )
}

/**
 * For the server's `frameworkErrors`: addresses that never reach a route (malformed escapes, an id too long) belong
 * to no plugin, but to the client they are SCIM answers.
 */
export function answerFrameworkError(
  error: FastifyError,
  _request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { status } = ofFastify(error) ?? { status: 500 }
  const body = errorBody(new ScimError(status, 'The address is malformed or too long'))
  // As bytes: the framework adds a charset to JSON that it serialises itself.
  void reply
    .code(status)
    .header('content-type', 'application/scim+json')
    .send(Buffer.from(JSON.stringify(body)))
}

function sendError(reply: FastifyReply, error: ScimError): FastifyReply {
  return reply
    .code(error.status)
    .headers(error.headers ?? {})
    .send(errorBody(error))
}

/** Refusals of the framework itself: a body too large, a header that is no media type. */
function ofFastify({ code, statusCode, message }: FastifyError): ScimError | undefined {
  if (!code?.startsWith('FST_') || statusCode === undefined || statusCode >= 500) return undefined
  return new ScimError(statusCode, message)
}

/** 503 with an integer `Retry-After`: Okta reads nothing else. */
export function unavailable(detail: string, cause: unknown): ScimError {
  return new ScimError(503, detail, { headers: { 'retry-after': '5' }, cause })
}

/**
 * A store that does not answer says nothing about the resource: 503, and never 404, after which clients would
 * create people again. Connection failures of Node, PostgreSQL (classes 08, 53 and 57P) and Prisma.
 */
function ofStore(error: unknown): ScimError | undefined {
  for (let at: unknown = error, deep = 0; at instanceof Error && deep < 5; at = at.cause, deep++) {
    const code = 'code' in at ? String(at.code) : ''
    if (at.name === 'StoreUnavailable' || connectionFailure.test(code)) {
      return unavailable('The directory cannot be reached at the moment', error)
    }
  }
  return undefined
}

const connectionFailure =
  /^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08\w{3}|53\w{3}|57P\w\w|P1001|P1002|P1008|P1017|P2024)$/
