import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { CommandFailure, exitCodes } from './exit-codes.ts'

const longestReplyMs = 120_000

export interface Endpoint {
  /** Origin, perhaps with a path in front of the operator API. */
  readonly url: string
  readonly token: string
  /** PEM; trusted as it is, whatever name is in it. */
  readonly certificate?: string
}

/** One exchange with the operator API of a gateway; a text that is not kept but given to `onText` as it comes. Rejects with `CommandFailure` when nobody answers. */
export function exchange(
  { url, token, certificate }: Endpoint,
  method: string,
  path: string,
  body: unknown,
  onText?: (text: string) => void,
): Promise<{ readonly status: number; readonly text: string }> {
  const target = new URL(`${url.replace(/\/+$/, '')}/admin/api/v1${path}`)
  const payload = body === undefined ? undefined : JSON.stringify(body)
  const options = {
    method,
    timeout: longestReplyMs,
    headers: {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      ...(payload === undefined
        ? {}
        : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
    },
  }
  const pinned = certificate && {
    ca: certificate,
    allowPartialTrustChain: true,
    checkServerIdentity: () => undefined,
  }
  return new Promise((resolve, reject) => {
    const sending =
      target.protocol === 'https:'
        ? httpsRequest(target, { ...options, ...pinned })
        : httpRequest(target, options)
    sending.on('response', (response) => {
      const chunks: Buffer[] = []
      const streamed = onText && response.statusCode === 200 ? onText : undefined
      if (streamed) response.setEncoding('utf8').on('data', streamed)
      else response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('aborted', () =>
        reject(
          new CommandFailure(exitCodes.failed, 'The connection was lost before the answer was complete.'),
        ),
      )
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
      )
    })
    sending.on('timeout', () => sending.destroy(new Error('it took too long to answer')))
    sending.on('error', (error: NodeJS.ErrnoException) =>
      reject(
        new CommandFailure(
          exitCodes.unreachable,
          `The gateway at ${target.origin} cannot be reached (${error.code ?? error.message}).`,
        ),
      ),
    )
    sending.end(payload)
  })
}
