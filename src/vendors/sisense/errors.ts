import { type Failure, VendorError, type VendorErrorDetails } from '../../model/errors.ts'
import { byStatus, byStatusAlone, type Classifier, firstOf, saying } from '../kit/classify.ts'
import type { Reply } from '../kit/http.ts'
import { waitFrom } from '../kit/wait.ts'

interface Row {
  readonly failure: Failure
  readonly means: string
}

/** The vendor's own numbers (REST API v1 specification, Linux L8.2.4). They come with a 400, 404 or 422. */
const rows: Readonly<Record<number, Row>> = {
  202: { failure: 'unexpected', means: 'the expansion asked for is not known' },
  601: { failure: 'invalid', means: 'an id that this instance cannot have' },
  2001: { failure: 'not-found', means: 'there is no such user' },
  2002: { failure: 'invalid', means: 'the list of users is no list' },
  2003: { failure: 'invalid', means: 'a mandatory field is missing' },
  2004: { failure: 'conflict', means: 'a user of this name or e-mail address exists' },
  2005: { failure: 'invalid', means: 'a user is named twice' },
  2006: { failure: 'invalid', means: 'there can be only one system administrator' },
  2007: { failure: 'quota', means: 'the licence has no free seat for this user' },
  2009: { failure: 'invalid', means: 'a mandatory field is empty' },
  2011: { failure: 'forbidden', means: 'the system administrator cannot be removed' },
}

interface Told {
  readonly code: number
  readonly message: string
}

/** Refusals are nested in `error`; some older ones and some 5xx are flat. */
function told({ body }: Reply): Told {
  const inside = field(body, 'error')
  const holder = typeof inside === 'object' && inside !== null ? inside : body
  const message = field(holder, 'message')
  return {
    code: Number(field(holder, 'code')),
    message: typeof message === 'string' ? message : typeof inside === 'string' ? inside : '',
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

const byCode: Classifier = (reply) =>
  [400, 404, 409, 422].includes(reply.status) ? rows[told(reply).code]?.failure : undefined

/** For instances that answer without the vendor's numbers. */
const byWords = saying(/already (exists?|in use|taken)|duplicate/i, [400, 409, 422], 'conflict')

const notAdministrator: Classifier = ({ status, readable }) =>
  readable && status === 403 ? 'missing-scope' : undefined

const isNotThere = [404, 405, 410]

/** What a refusal means beside its number depends on what was asked. */
export const classifiers = {
  /** Lists and catalogues: a 404 is a wrong path, and never says that somebody is gone. */
  list: firstOf(
    notAdministrator,
    ({ status }) => (isNotThere.includes(status) ? 'unexpected' : undefined),
    byStatus,
  ),
  /** One user, by the id in the path. */
  user: firstOf(
    (reply) => (reply.status === 422 && told(reply).code === 601 ? 'not-found' : undefined),
    byCode,
    notAdministrator,
    byStatus,
  ),
  /** A 404 is about the role or a group: there is no user yet. */
  create: firstOf(
    byCode,
    byWords,
    notAdministrator,
    ({ status, readable }) => (readable && status === 404 ? 'invalid' : undefined),
    byStatus,
  ),
  /** A 403 is about this user, until somebody finds that the token has lost its role (`own-role.ts`). */
  change: firstOf(byCode, byWords, byStatus),
  /** Every refusal is about the credentials; a path that is not there says nothing about them. */
  login: firstOf(
    ({ status, readable }) => (readable && status === 403 ? 'unauthenticated' : undefined),
    ({ status }) => (isNotThere.includes(status) ? 'unexpected' : undefined),
    byStatusAlone,
  ),
} as const satisfies Record<string, Classifier>

/** The number in words, then the vendor's own. */
export function describeRefusal(reply: Reply): string | undefined {
  const { code, message } = told(reply)
  const means = rows[code]?.means
  if (means === undefined) return message === '' ? undefined : message
  return [`${means} (${code})`, message].filter((part) => part !== '').join(': ')
}

/** Sisense documents no limits and no headers; what a proxy in front of it says counts. */
export const wait = waitFrom('retry-after')

/** A failure that the connector itself finds, before any call or in a reply that it could read. */
export function failure(
  kind: Failure,
  operation: string,
  detail: string,
  details: Partial<VendorErrorDetails> = {},
): VendorError {
  return new VendorError(kind, detail, { vendor: 'sisense', operation, ...details })
}

/** The path is not there: another version, or a page in its place. Says nothing about a user. */
export function isMissingRoute(error: unknown): boolean {
  if (!(error instanceof VendorError)) return false
  const { failure, status = 0 } = error
  return [404, 405].includes(status) || (failure === 'unexpected' && status >= 200 && status < 400)
}
