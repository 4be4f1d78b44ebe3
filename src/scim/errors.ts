import { type ErrorArea, explainedAt } from '../model/errors.ts'

/** Error bodies of the service provider (RFC 7644 §3.12, RFC 9865 §2.1). */
export const errorSchema = 'urn:ietf:params:scim:api:messages:2.0:Error'

/** One row per kind; the HTTP status that a `scimType` travels with. */
export const scimTypes = {
  invalidFilter: 400,
  tooMany: 400,
  uniqueness: 409,
  mutability: 400,
  invalidSyntax: 400,
  invalidPath: 400,
  noTarget: 400,
  invalidValue: 400,
  invalidCursor: 400,
  expiredCursor: 400,
  invalidCount: 400,
} as const

export type ScimType = keyof typeof scimTypes

/** What a refusal without a `scimType` is called in the error dictionary. */
const codes = {
  400: 'malformed',
  401: 'unauthorized',
  403: 'forbidden',
  404: 'not-found',
  405: 'method',
  408: 'timeout',
  409: 'conflict',
  412: 'changed',
  413: 'too-large',
  415: 'media-type',
  429: 'too-many-attempts',
  431: 'headers',
  500: 'internal',
  501: 'not-offered',
  503: 'unavailable',
} as const

/** Codes of the error dictionary; `pending` and `refused` are answers about accounts at vendors. */
export type ScimCode =
  ScimType | (typeof codes)[keyof typeof codes] | 'pending' | 'refused' | 'base-url' | 'busy' | 'full'

interface ScimErrorOptions {
  readonly scimType?: ScimType | undefined
  /** Sent along with the answer: `Retry-After`, `Allow`, `WWW-Authenticate`. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** The entry of the error dictionary that says more than the one of its type or status. */
  readonly about?: { readonly area: ErrorArea; readonly code: string } | undefined
  readonly cause?: unknown
}

/** What a request is refused with. `detail` is shown to the admin of the client: it says what to do and holds no secret. */
export class ScimError extends Error {
  override readonly name = 'ScimError'
  readonly status: number
  readonly detail: string
  readonly scimType: ScimType | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  /** Path and anchor of what explains it, at this gateway. */
  readonly help: string

  constructor(status: number, detail: string, options: ScimErrorOptions = {}) {
    super(detail, { cause: options.cause })
    this.status = status
    this.detail = detail
    this.scimType = options.scimType
    this.headers = options.headers
    const { area, code } = options.about ?? { area: 'scim', code: options.scimType ?? codeOf(status) }
    this.help = explainedAt(area, code)
  }
}

function codeOf(status: number): ScimCode {
  const known: Readonly<Record<number, ScimCode>> = codes
  return known[status] ?? (status < 500 ? 'malformed' : 'internal')
}

interface ErrorBody {
  readonly schemas: readonly [typeof errorSchema]
  /** A string, as RFC 7644 §3.12 demands. */
  readonly status: string
  readonly scimType?: ScimType
  readonly detail: string
}

/** With the gateway's origin the detail ends in a link: it is all that identity providers show. */
export function errorBody(error: ScimError, origin?: string): ErrorBody {
  const { detail } = error
  const sentence = /[.!?…]$/.test(detail) ? detail : `${detail}.`
  return {
    schemas: [errorSchema],
    status: String(error.status),
    ...(error.scimType && { scimType: error.scimType }),
    detail: origin === undefined ? detail : `${sentence} See ${origin}${error.help}`,
  }
}

function ofType(scimType: ScimType): (detail: string, cause?: unknown) => ScimError {
  return (detail, cause) => new ScimError(scimTypes[scimType], detail, { scimType, cause })
}

export const invalidFilter = ofType('invalidFilter')
export const invalidValue = ofType('invalidValue')
export const invalidSyntax = ofType('invalidSyntax')
export const invalidPath = ofType('invalidPath')
export const noTarget = ofType('noTarget')
export const mutability = ofType('mutability')
export const uniqueness = ofType('uniqueness')
export const tooMany = ofType('tooMany')
export const invalidCursor = ofType('invalidCursor')
export const expiredCursor = ofType('expiredCursor')
export const invalidCount = ofType('invalidCount')

/**
 * Does one part of a write. With `ignored`, a part that is refused does not fail the whole: why is put there, and the
 * rest goes on.
 */
export function doPart(ignored: string[] | undefined, part: () => void): void {
  try {
    part()
  } catch (error) {
    if (ignored === undefined || !(error instanceof ScimError)) throw error
    if (ignored.length < mostIgnored) ignored.push(error.detail)
  }
}

/** More are not told: an answer stays readable. */
const mostIgnored = 20

/** 404 for a resource of this type that the directory does not have. */
export function notFound(type: string, id: string): ScimError {
  return new ScimError(
    404,
    `${type} ${quoted(id)} does not exist. Look it up again with a filter, or create it.`,
  )
}

/** 413: the request must be split or shortened. */
export function tooLarge(detail: string): ScimError {
  return new ScimError(413, detail)
}

/** 429: what the client asks for at one time, or in a short time, is more than it may; it comes again after so many seconds. */
export function busy(detail: string, seconds = 2): ScimError {
  return new ScimError(429, detail, {
    headers: { 'retry-after': String(seconds) },
    about: { area: 'scim', code: 'busy' },
  })
}

/** Text of a client for use in a detail: quoted, shortened, without control characters and marks of direction. */
export function quoted(text: string): string {
  const printable = text.slice(0, 101).replace(unprintable, '?')
  return printable.length > 100 ? `"${printable.slice(0, 100)}…"` : `"${printable}"`
}

const unprintable = /[^\x20-\x7e\u00a0-\u1fff\u2010-\u2027\u2030-\u205e\u2070-\ud7ff\uf900-\ufffd]/g
