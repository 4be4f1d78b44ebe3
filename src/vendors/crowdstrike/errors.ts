import type { TSchema } from 'typebox'
import { type Failure, VendorError, type VendorErrorDetails } from '../../model/errors.ts'
import { byStatus, type Classifier, firstOf, notFound, saidBy } from '../kit/classify.ts'
import { type Call, header, type Reply, type Requester } from '../kit/http.ts'
import { waitFrom } from '../kit/wait.ts'

interface PayloadError {
  readonly code?: unknown
  readonly message?: unknown
}

interface Row {
  readonly status: number
  readonly words: RegExp
  readonly failure: Failure
}

/**
 * Read from the top. Falcon answers 400 to nearly everything, so its words decide. Sources: the statuses in
 * CrowdStrike/gofalcon (2026-07) and the cases that CrowdStrike's Terraform provider tells apart (internal/user,
 * 2026-08). The words for a duplicate are not published, so that row is generous.
 */
const rows: readonly Row[] = [
  {
    status: 400,
    words: /invalid user[ _]?uuid|user (uuid )?(was )?not found|no such user/i,
    failure: 'not-found',
  },
  // Of a role: the summary of `not-found` covers entitlements too.
  {
    status: 400,
    words: /\broles?\b.{0,200}\bnot (assigned|granted)|does not have .{0,200}\brole/i,
    failure: 'not-found',
  },
  {
    status: 400,
    words:
      /\b(user|uid|username|e-?mail|account)\b.{0,200}\b(already|in use|exists|duplicate)|\bduplicate\b.{0,200}\b(user|uid|e-?mail)/i,
    failure: 'conflict',
  },
  { status: 400, words: /domain|password/i, failure: 'invalid' },
  // Whatever is asked for: the same would be answered to anybody from there.
  { status: 403, words: /\bip\b.{0,40}\bnot allowed|\ballow-?list/i, failure: 'unavailable' },
  { status: 403, words: /authorization failed|scope/i, failure: 'missing-scope' },
  { status: 403, words: /\brole|\bcid\b/i, failure: 'invalid' },
]

function byWords(
  status: number,
  errors: readonly PayloadError[],
  call?: Parameters<Classifier>[1],
): Failure | undefined {
  const words = saidBy({ status, headers: {}, body: errors, readable: true }, call)
  return rows.find((row) => row.status === status && row.words.test(words))?.failure
}

/** Errors come with a 2xx too: then the code inside counts, unless a read has brought what could be had beside them. */
const byPayload: Classifier = ({ status, body }, call) => {
  const errors = errorsOf(body)
  const [first] = errors
  if (!first) return undefined
  if (status >= 400) return byWords(status, errors, call)
  if (status < 200 || status >= 300) return undefined
  const brought = field(body, 'resources')
  if (call?.pathClass === 'read' && Array.isArray(brought) && brought.length > 0) return undefined
  const code = Number(first.code)
  if (code === 404) return 'not-found'
  if (!Number.isInteger(code) || code < 400) return 'unexpected'
  return (
    byWords(code, errors, call) ??
    byStatus({ status: code, headers: {}, body: undefined, readable: true }, call)
  )
}

/** User management documents no 404: it says that a path is wrong, never that a user is gone. */
const byUnknownPath: Classifier = ({ status }) =>
  [404, 405, 410].includes(status) ? 'unexpected' : undefined

/** Names the failure of an API reply; undefined when there is none. */
export const classify: Classifier = firstOf(byPayload, byUnknownPath, byStatus)

/**
 * The deprecated routes publish a 404 (gofalcon, 2026-07): a user who is gone if an error of theirs says so, and a route that is
 * gone otherwise.
 */
const byGone = notFound((reply) =>
  /\b(user|uuid|uid)\b/i.test(messages(errorsOf(reply.body)).slice(0, 4_096)),
)

/** The same, for the deprecated routes. */
export const classifyLegacy: Classifier = firstOf(byGone, classify)

/** The token call: every refusal is about the credentials; redirects and a 401 are for the region search to judge. */
export const classifyToken: Classifier = (reply) => {
  if (isRedirect(reply) || reply.status === 401) return undefined
  if (byPayload(reply) === 'unavailable') return 'unavailable'
  if (reply.readable && (reply.status === 400 || reply.status === 403)) return 'unauthenticated'
  return firstOf(byUnknownPath, byStatus)(reply)
}

export function isRedirect({ status }: Reply): boolean {
  return status >= 300 && status < 400
}

/** The instant is in epoch milliseconds by the API's text, in seconds by CrowdStrike's own Go client. */
export const rateLimitWait = waitFrom('x-ratelimit-retryafter', 'retry-after')

/** Falcon's id of the exchange: `meta.trace_id`, or the header `X-Cs-Traceid`. */
export function requestIdOf(reply: Reply): string | undefined {
  const id = field(field(reply.body, 'meta'), 'trace_id')
  return typeof id === 'string' && id !== '' ? id : header(reply, 'x-cs-traceid')
}

/** The vendor's own words: its error messages and nothing else of the body. */
export function messagesOf({ body }: Reply): string {
  return messages(errorsOf(body))
}

function messages(errors: readonly PayloadError[]): string {
  return errors
    .map(({ message }) => message)
    .filter((each) => typeof each === 'string')
    .join('; ')
}

function errorsOf(body: unknown): readonly PayloadError[] {
  const errors = field(body, 'errors')
  const isTelling = (each: unknown): boolean => field(each, 'code') != null || field(each, 'message') != null
  return Array.isArray(errors) ? errors.filter(isTelling) : []
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

/** A failure that the connector itself finds, before any call or in a reply that it could read. */
export function failure(
  kind: Failure,
  operation: string,
  detail: string,
  details: Partial<VendorErrorDetails> = {},
): VendorError {
  return new VendorError(kind, detail, { vendor: 'crowdstrike', operation, ...details })
}

const bookkeeping = /(^|; )(powered_by|trace_id): [^;]{0,300}/g

/** Leaves out of a refusal's detail what Falcon puts around its words; the trace id is kept as the request id. */
export function plainspoken(send: Requester): Requester {
  const plain = (error: unknown): never => {
    if (!(error instanceof VendorError)) throw error
    const detail = error.detail.replaceAll(bookkeeping, '').replace(/^; /, '')
    throw new VendorError(error.failure, detail, { ...error, cause: error.cause })
  }
  const calls = (call: Call, schema?: TSchema) => (schema ? send(call, schema) : send(call)).catch(plain)
  // One function cannot show both call signatures to the compiler.
  return Object.assign(calls as () => Promise<never>, { vendor: send.vendor })
}
