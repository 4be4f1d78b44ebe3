import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { ClientProfile } from '../../model/directory.ts'
import { switchesOf } from '../client-profiles.ts'
import { errorBody, ScimError, tooLarge } from '../errors.ts'
import type { BaseUrl } from './requests.ts'

/** What Node.js refuses before there is a request: its codes, and what the client hears. */
const refusals: Readonly<Record<string, ScimError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: new ScimError(408, 'The request did not arrive in time'),
  HPE_HEADER_OVERFLOW: new ScimError(431, 'The address and headers are too long'),
}
const malformed = new ScimError(400, 'This is not an HTTP/1.1 request')

/** For the server's `clientErrorHandler`: an answer of SCIM on the bare connection, which then ends. */
export function answerClientError(error: Error & { readonly code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return
  const refusal = refusals[error.code ?? ''] ?? malformed
  const body = JSON.stringify(errorBody(refusal))
  socket.end(
    [
      `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
      'content-type: application/scim+json',
      `content-length: ${Buffer.byteLength(body)}`,
      `link: ${helpLink(refusal)}`,
      'connection: close',
      '',
      body,
    ].join('\r\n'),
  )
}

interface ErrorOptions {
  readonly bodyBytes: number
  /** Where clients reach the gateway: details end in a link to what explains them. */
  readonly origin: BaseUrl
  readonly baseUrl: BaseUrl
}

/** Every failure becomes a SCIM error (RFC 7644 §3.12); what is ours to mend is logged and not described. */
export function answerErrors(app: FastifyInstance, { bodyBytes, origin, baseUrl }: ErrorOptions): void {
  app.setErrorHandler<FastifyError>((error, request, reply) => {
    const tooLong = error.code === 'FST_ERR_CTP_BODY_TOO_LARGE'
    const refusal = tooLong ? bodyTooLarge(bodyBytes) : refusalOf(error, request).error
    return sendError(reply, refusal, origin(request))
  })
  app.setNotFoundHandler((request: FastifyRequest, reply: FastifyReply) => {
    const detail = `There is no such endpoint below the base URL for SCIM, ${baseUrl(request)}`
    return sendError(reply, new ScimError(404, detail), origin(request))
  })
}

export interface Refusal {
  readonly error: ScimError
  /** The store does not answer: whatever else is asked of it now will fail, too. */
  readonly storeDown: boolean
}

/** What a request, or one operation of it, is refused with; logs what the client is not told. */
export function refusalOf(error: unknown, request: FastifyRequest): Refusal {
  if (error instanceof ScimError) return { error, storeDown: false }
  const ours = error instanceof Error ? ofFastify(error as FastifyError) : undefined
  if (ours) return { error: ours, storeDown: false }
  const unreachable = ofStore(error, request.verifiedToken?.client)
  const message = unreachable ? 'store unavailable' : 'scim request failed'
  request.log.error({ err: error, requestId: request.id }, message)
  if (unreachable) return { error: unreachable, storeDown: true }
  return { error: new ScimError(500, `Internal error (request ${request.id})`), storeDown: false }
}

/** With the limit, as RFC 7644 §3.7.4 demands of bulk requests. */
function bodyTooLarge(bytes: number): ScimError {
  return tooLarge(`A body may have ${bytes} bytes at most. Send several requests.`)
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
  const refusal = new ScimError(status, 'The address is malformed or too long')
  // As bytes: the framework adds a charset to JSON that it serialises itself.
  void reply
    .code(status)
    .headers({
      'content-type': 'application/scim+json',
      'cache-control': 'no-store',
      link: helpLink(refusal),
    })
    .send(Buffer.from(JSON.stringify(errorBody(refusal))))
}

export function sendError(reply: FastifyReply, error: ScimError, origin: string): FastifyReply {
  return reply
    .code(error.status)
    .headers({ ...error.headers, link: helpLink(error) })
    .send(errorBody(error, origin))
}

/** RFC 8288; relative, so that it holds by every address of the gateway. */
function helpLink({ help }: ScimError): string {
  return `<${help}>; rel="help"`
}

/** Refusals of the framework itself: a body too large, a header that is no media type. */
function ofFastify({ code, statusCode, message }: FastifyError): ScimError | undefined {
  if (!code?.startsWith('FST_') || statusCode === undefined || statusCode >= 500) return undefined
  return new ScimError(statusCode, message)
}

/** With an integer `Retry-After`: Okta reads nothing else. Without a known client, 503. */
export function unavailable(detail: string, cause: unknown, client: ClientProfile = 'auto'): ScimError {
  return new ScimError(switchesOf(client).retryStatus, detail, {
    headers: { 'retry-after': '5' },
    about: { area: 'scim', code: 'unavailable' },
    cause,
  })
}

/**
 * A store that does not answer says nothing about the resource: 503 or 429, and never 404, after which clients would
 * create people again. Connection failures of Node, PostgreSQL (classes 08, 53 and 57P) and Prisma.
 */
function ofStore(error: unknown, client: ClientProfile | undefined): ScimError | undefined {
  for (let at: unknown = error, deep = 0; at instanceof Error && deep < 5; at = at.cause, deep++) {
    const code = 'code' in at ? String(at.code) : ''
    if (at.name === 'StoreUnavailable' || connectionFailure.test(code)) {
      return unavailable('The directory cannot be reached at the moment', error, client)
    }
  }
  return undefined
}

const connectionFailure =
  /^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ENOTFOUND|EAI_AGAIN|08\w{3}|53\w{3}|57P\w\w|P1001|P1002|P1008|P1017|P2024)$/
