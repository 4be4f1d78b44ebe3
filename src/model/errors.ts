/**
 * What kind of failure a vendor call ended in, and what the gateway does next (docs/architecture.md, failure table).
 * One row per kind; nothing else decides retries.
 */
export const failures = {
  'rate-limited': { next: 'when-told', summary: 'the vendor asked us to slow down' },
  unavailable: { next: 'backoff', summary: 'the vendor could not be reached or answered 5xx' },
  unexpected: { next: 'backoff', summary: 'the vendor answered something the connector does not understand' },
  quota: { next: 'later', summary: 'the vendor has no seat, licence or invitation left' },
  unauthenticated: { next: 'park', summary: 'the vendor refused the credentials' },
  'missing-scope': { next: 'park', summary: 'the credentials lack a scope that the operation needs' },
  'not-found': { next: 'relink', summary: 'the account or entitlement no longer exists' },
  conflict: { next: 'correlate', summary: 'the vendor already has an account under that name' },
  forbidden: { next: 'give-up', summary: 'the vendor forbids this for this object' },
  invalid: { next: 'give-up', summary: 'the vendor rejected a value that we sent' },
  unsupported: { next: 'give-up', summary: 'the vendor has no way to do this' },
} as const satisfies Record<string, FailureRow>

interface FailureRow {
  readonly next: 'when-told' | 'backoff' | 'later' | 'park' | 'relink' | 'correlate' | 'give-up'
  readonly summary: string
}

export type Failure = keyof typeof failures

export interface VendorErrorDetails {
  readonly vendor: string
  /** Name of the call in the contract's words: `create`, `find`, `changeEntitlements`. */
  readonly operation: string
  readonly status?: number | undefined
  /** How long the vendor asks us to wait. */
  readonly retryAfterMs?: number | undefined
  /** The path class whose limit was hit; only that class is paused. */
  readonly pathClass?: string | undefined
  /** The vendor's own id of the exchange, for support tickets. */
  readonly requestId?: string | undefined
  /**
   * True when the request certainly never took effect (connection refused, a clean 4xx). False when it may have
   * reached the vendor: a lost answer, a 5xx, a timeout. Decides whether the journal row stays open.
   */
  readonly certainlyNotDone?: boolean | undefined
  readonly cause?: unknown
}

/** The only error that a connector throws. Test `failure`, never the message; the message holds no secret. */
export class VendorError extends Error {
  override readonly name = 'VendorError'
  readonly failure: Failure
  readonly detail: string
  readonly vendor: string
  readonly operation: string
  readonly status: number | undefined
  readonly retryAfterMs: number | undefined
  readonly pathClass: string | undefined
  readonly requestId: string | undefined
  readonly certainlyNotDone: boolean

  /** `detail` is the vendor's own words, already redacted, or ours; shown to the admin and the identity provider. */
  constructor(failure: Failure, detail: string, details: VendorErrorDetails) {
    super(`${details.vendor} ${details.operation}: ${detail}`, { cause: details.cause })
    this.failure = failure
    this.detail = detail
    this.vendor = details.vendor
    this.operation = details.operation
    this.status = details.status
    this.retryAfterMs = details.retryAfterMs
    this.pathClass = details.pathClass
    this.requestId = details.requestId
    this.certainlyNotDone = details.certainlyNotDone ?? !['unavailable', 'unexpected'].includes(failure)
  }
}

/** For `.catch`: turns one kind of failure into `undefined` and rethrows every other. */
export function ignoring(failure: Failure): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof VendorError && error.failure === failure) return undefined
    throw error
  }
}

/** Parts of the error dictionary (src/dictionary): with the code they are the anchor of an entry. */
export type ErrorArea =
  'scim' | 'account' | 'deviation' | 'configuration' | 'gateway' | 'operator' | 'notice' | 'doctor' | 'exit'

/** Path of the page on which every gateway explains the codes of its own release. */
export const errorPage = '/docs/errors'

/** Where a gateway explains a code; to be resolved against the address of the gateway. */
export function explainedAt(area: ErrorArea, code: string): string {
  return `${errorPage}#${area}-${code}`
}

/** The command that explains a code, without any gateway. */
export function explainedBy(area: ErrorArea, code: string | number): string {
  return `drawbridge errors ${area}-${code}`
}

/** An operator's problem with a stable code of src/dictionary/entries/gateway.ts. */
export class GatewayError extends Error {
  override readonly name = 'GatewayError'
  readonly code: string
  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
