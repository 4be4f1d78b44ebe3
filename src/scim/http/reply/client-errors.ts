import { STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { errorBody, ScimError } from '../../errors.ts'
import { helpLink } from './error-answers.ts'

/** What Node.js refuses before there is a request: its codes, and what the client hears. */
const refusals: Readonly<Record<string, ScimError>> = {
  ERR_HTTP_REQUEST_TIMEOUT: new ScimError(408, 'The request did not arrive in time'),
  HPE_HEADER_OVERFLOW: new ScimError(431, 'The address and headers are too long'),
}
const malformed = new ScimError(400, 'This is not a request of HTTP/1.1')

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
