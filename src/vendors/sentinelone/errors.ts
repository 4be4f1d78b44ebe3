import { type Failure, VendorError, type VendorErrorDetails } from '../../model/errors.ts'
import { byStatus, type Classifier, firstOf, saying } from '../kit/classify.ts'
import { waitFrom } from '../kit/wait.ts'

/** "User or Email already taken" (409 on updates), and the words and code of duplicates elsewhere in the API. */
const taken = /already (exists|taken|in use)|\b4000030\b/i

/** 4010010 for a missing, a malformed and an expired token alike. */
const badToken = /\b4010010\b/

/** What the token's role or level may not do, whatever the object; other 403s are about one object. */
const notPermitted = /insufficient permissions|action is not allowed|do(es)? not have (the )?permission/i

/** Codes are the status times 10,000 and a number; some come inside a 2xx. */
const byCodeInside: Classifier = ({ status, body }) => {
  if (status < 200 || status >= 300) return undefined
  const [first] = errorsOf(body)
  if (first === undefined) return undefined
  const code = Number((first as { readonly code?: unknown }).code)
  const inside = Number.isInteger(code) && code >= 4_000_000 ? Math.floor(code / 10_000) : 0
  return inside === 0 ? 'unexpected' : refused({ status: inside, headers: {}, body, readable: true })
}

const refused: Classifier = firstOf(
  saying(taken, [400, 409], 'conflict'),
  saying(badToken, [400, 403], 'unauthenticated'),
  saying(notPermitted, 403, 'missing-scope'),
  byStatus,
)

/** Names the failure of a reply; undefined when there is none. Read from the top. */
export const classify: Classifier = firstOf(byCodeInside, refused)

/** Only some consoles tell a wait; without one the queue backs off. */
export const wait = waitFrom('retry-after')

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
