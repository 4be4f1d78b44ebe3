import { type Failure, VendorError, type VendorErrorDetails } from '../../model/errors.ts'
import { byStatus, type Classifier, firstOf, notFound, saying } from '../kit/classify.ts'
import { waitFrom } from '../kit/wait.ts'

/** "User or Email already taken" (409 on updates), and the words of duplicates elsewhere in the API. */
const taken = /already (exists|taken|in use)/i

/** What the token's role or level may not do, whatever the object; other 403s are about one object. */
const notPermitted = /insufficient permissions|action is not allowed|do(es)? not have (the )?permission/i

/** Codes are the status times 10,000 and a number. */
const byCode: Classifier = ({ status, body }) => {
  const code = codeOf(body)
  if (code === 4_000_030 && [400, 409].includes(status)) return 'conflict'
  // For a missing, a malformed and an expired token alike.
  return code === 4_010_010 && [400, 403].includes(status) ? 'unauthenticated' : undefined
}

/** Errors come inside a 2xx too; beside what was read they are warnings. */
const byCodeInside: Classifier = (reply, call) => {
  const { status, body } = reply
  if (status < 200 || status >= 300 || errorsOf(body).length === 0) return undefined
  if (call?.method === 'GET' && hasData(body)) return undefined
  const code = codeOf(body)
  const inside = code >= 4_000_000 ? Math.floor(code / 10_000) : 0
  return inside === 0
    ? 'unexpected'
    : refused({ ...reply, status: inside, headers: {}, readable: true }, call)
}

const refused: Classifier = firstOf(
  byCode,
  saying(taken, [400, 409], 'conflict'),
  saying(notPermitted, 403, 'missing-scope'),
  notFound(({ body }) => hasErrors(body) && [404, undefined].includes(statusIn(codeOf(body)))),
  byStatus,
)

/** Names the failure of a reply; undefined when there is none. Read from the top. */
export const classify: Classifier = firstOf(byCodeInside, refused)

/** Only some consoles tell a wait; without one the queue backs off. */
export const wait = waitFrom('retry-after')

/** Of the first error; NaN without one. */
function codeOf(body: unknown): number {
  const [first] = errorsOf(body)
  return Number((first as { readonly code?: unknown } | undefined)?.code)
}

function statusIn(code: number): number | undefined {
  return Number.isNaN(code) ? undefined : Math.floor(code / 10_000)
}

function hasErrors(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Array.isArray(Reflect.get(body, 'errors'))
}

function hasData(body: unknown): boolean {
  const data: unknown = typeof body === 'object' && body !== null ? Reflect.get(body, 'data') : undefined
  return typeof data === 'object' && data !== null
}

function errorsOf(body: unknown): readonly unknown[] {
  const errors = typeof body === 'object' && body !== null ? Reflect.get(body, 'errors') : undefined
  return Array.isArray(errors) ? errors.filter((each) => typeof each === 'object' && each !== null) : []
}

/** A failure that the connector itself finds, before any writing call. */
export function failure(
  kind: Failure,
  operation: string,
  detail: string,
  details: Partial<VendorErrorDetails> = {},
): VendorError {
  return new VendorError(kind, detail, {
    vendor: 'sentinelone',
    operation,
    certainlyNotDone: true,
    ...details,
  })
}
