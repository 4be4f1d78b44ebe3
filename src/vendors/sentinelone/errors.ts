import { type Failure, VendorError, type VendorErrorDetails } from '../../model/errors.ts'
import { byStatus, type Classifier, firstOf, saying } from '../kit/classify.ts'
import { waitFrom } from '../kit/wait.ts'

/** "User or Email already taken" (409 on updates), and the words and code of duplicates elsewhere in the API. */
const taken = /already (exists|taken|in use)/i

/** For a missing, a malformed and an expired token alike. */
const badToken = 4_010_010
/** Of a duplicate, where the words do not say so. */
const takenCode = 4_000_030

/** Codes are read where they stand, and never in the words: those may repeat what was sent. */
const withCode =
  (code: number, statuses: readonly number[], failure: Failure): Classifier =>
  ({ status, body }) =>
    statuses.includes(status) && errorsOf(body).some((each) => Number(field(each, 'code')) === code)
      ? failure
      : undefined

/** What the token's role or level may not do, whatever the object; other 403s are about one object. */
const notPermitted = /insufficient permissions|action is not allowed|do(es)? not have (the )?permission/i

/** Codes are the status times 10,000 and a number; some come inside a 2xx. */
const byCodeInside: Classifier = ({ status, body }, call) => {
  if (status < 200 || status >= 300) return undefined
  const data = field(body, 'data')
  if (field(data, 'success') === false) return 'unexpected'
  const [first] = errorsOf(body)
  // Beside what was asked for it is a remark (the specification makes `errors` optional in every answer).
  if (first === undefined || (call?.method === 'GET' && data !== undefined && data !== null)) return undefined
  const code = Number((first as { readonly code?: unknown }).code)
  const inside = Number.isInteger(code) && code >= 4_000_000 ? Math.floor(code / 10_000) : 0
  return inside === 0 ? 'unexpected' : refused({ status: inside, headers: {}, body, readable: true })
}

const refused: Classifier = firstOf(
  saying(taken, [400, 409], 'conflict'),
  withCode(takenCode, [400, 409], 'conflict'),
  withCode(badToken, [400, 403], 'unauthenticated'),
  saying(notPermitted, 403, 'missing-scope'),
  byStatus,
)

/** Names the failure of a reply; undefined when there is none. Read from the top. */
export const classify: Classifier = firstOf(byCodeInside, refused)

/** Only some consoles tell a wait; without one the queue backs off. */
export const wait = waitFrom('retry-after')

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function errorsOf(body: unknown): readonly unknown[] {
  const errors = field(body, 'errors')
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
