/** The store cannot be reached now; nothing was acknowledged. HTTP answers 503. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
  }
}

/** SQLSTATE, or the system's code of a connection failure. */
export function codeOf(error: unknown): string | undefined {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' ? code : undefined
}

export const isUniqueViolation = (error: unknown): boolean => codeOf(error) === '23505'
export const isForeignKeyViolation = (error: unknown): boolean => codeOf(error) === '23503'
/** Given up by the database for another transaction's sake. */
export const isConflict = (error: unknown): boolean => ['40001', '40P01'].includes(codeOf(error) ?? '')

/** What a connection keeps prepared no longer fits the tables, as after a migration. */
export const isOutdated = (error: unknown): boolean => (error as { readonly code?: unknown }).code === '0A000'

/**
 * Whether the connection on which a statement failed is of no more use: it is lost, or outdated. Anything else that
 * PostgreSQL says about one statement leaves it as it was.
 */
export function endsConnection(error: unknown): boolean {
  return (error as { readonly severity?: unknown }).severity !== 'ERROR' || isOutdated(error)
}

const unreachable =
  /^(08|57P0|53)|^E(CONNREFUSED|CONNRESET|CONNABORTED|NOENT|ACCES|PIPE|TIMEDOUT|NOTFOUND|AI_AGAIN|HOSTUNREACH|NETUNREACH)$/
/** The driver has no code for these. */
const unreachableWords =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/

/** `StoreUnavailable` where the database could not be reached, else the error itself. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailable) return error
  const words = error instanceof Error ? error.message : ''
  return unreachable.test(codeOf(error) ?? '') || unreachableWords.test(words)
    ? new StoreUnavailable('the store cannot be reached', { cause: error })
    : error
}

/** Of a batch that the store could not answer: perhaps it was committed. */
export const mayBeDone = (error: unknown): boolean => error instanceof StoreUnavailable
