import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { explainedAt, GatewayError, VendorError } from '../model/errors.ts'

/** A refusal, answered as RFC 9457 problem details. `detail` says what to do. */
export class Problem extends Error {
  override readonly name = 'Problem'
  readonly status: number
  readonly code: string
  readonly headers: Readonly<Record<string, string>>
  constructor(status: number, code: string, detail: string, headers: Readonly<Record<string, string>> = {}) {
    super(detail)
    this.status = status
    this.code = code
    this.headers = headers
  }
}

export const notFound = (what: string): Problem =>
  new Problem(404, 'not-found', `There is no such ${what}. It may have been removed: list them again.`)

const titles: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  412: 'Precondition Failed',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
}

/** Every failure of the operator API is a problem document with the id of the request. */
export function answerProblems(app: FastifyInstance): void {
  app.setErrorHandler<FastifyError>((error, request, reply) =>
    send(reply, request, asProblem(error, request)),
  )
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) =>
    send(
      reply,
      request,
      new Problem(404, 'no-route', 'There is no such endpoint. openapi.json lists those that exist.'),
    ),
  )
}

function send(reply: FastifyReply, request: FastifyRequest, problem: Problem): FastifyReply {
  const { status, code, message, headers } = problem
  const body = {
    type: typeOf(code),
    title: titles[status] ?? 'Internal Server Error',
    status,
    detail: message,
    code,
    requestId: request.id,
  }
  return reply
    .code(status)
    .headers({ ...headers, 'cache-control': 'no-store' })
    .type('application/problem+json')
    .serializer(JSON.stringify)
    .send(body)
}

/** Path and anchor of what explains the code: RFC 9457 resolves it against the address that was asked. */
function typeOf(code: string): string {
  if (code.startsWith('vendor-')) return explainedAt('account', code.slice('vendor-'.length))
  return explainedAt(code === code.toUpperCase() ? 'gateway' : 'operator', code)
}

function asProblem(error: unknown, request: FastifyRequest): Problem {
  if (error instanceof Problem) return error
  if (error instanceof GatewayError) return new Problem(409, error.code, error.message)
  if (error instanceof VendorError) return ofVendor(error)
  if (error instanceof Error && error.name === 'ListingRefused')
    return new Problem(502, 'listing-refused', `${error.message}. Nothing was changed.`)
  const fastify = error as FastifyError
  if (fastify.validation) return new Problem(400, 'invalid', fastify.message)
  const { statusCode: status, code } = fastify
  if (code?.startsWith('FST_') && status !== undefined && status < 500)
    return new Problem(status, 'invalid', fastify.message)
  request.log.error({ err: error, requestId: request.id }, 'operator request failed')
  if (error instanceof Error && error.name === 'StoreUnavailable') {
    return new Problem(503, 'store-unavailable', 'The store is not responding. Try again in a moment.', {
      'retry-after': '5',
    })
  }
  return new Problem(
    500,
    'internal',
    `An internal error occurred. The log shows its cause under request ${request.id}.`,
  )
}

/** Never 401 or 403: those are about the operator's own token. */
function ofVendor(error: VendorError): Problem {
  const doing = error.failure === 'unauthenticated' ? ' Correct the credentials of the connection.' : ''
  return new Problem(502, `vendor-${error.failure}`, `${error.message}.${doing}`)
}
