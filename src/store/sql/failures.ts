import { GatewayError } from '../../model/errors.ts'

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

/**
 * Why a database cannot be opened, as a start says it: what is wrong, and what to do. Names host, port and database, never the
 * user or the password.
 */
export function openFailure(cause: unknown, url: string): GatewayError {
  const { hostname, port, pathname } = new URL(url)
  const place = `${hostname}:${port || '5432'}`
  const code = codeOf(cause)
  switch (code) {
    case 'ECONNREFUSED':
      return new GatewayError(
        'DATABASE_REFUSED',
        `nothing accepts connections at ${place}: start PostgreSQL there, or correct DATABASE_URL`,
        { cause },
      )
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new GatewayError(
        'DATABASE_HOST',
        `the host ${hostname} of DATABASE_URL cannot be found: correct DATABASE_URL`,
        { cause },
      )
    case '28P01':
    case '28000':
      return new GatewayError(
        'DATABASE_LOGIN',
        `PostgreSQL at ${place} does not accept the user or the password of DATABASE_URL: correct them, or let that user in (pg_hba.conf)`,
        { cause },
      )
    case '3D000':
      return new GatewayError(
        'DATABASE_MISSING',
        `PostgreSQL at ${place} has no database "${decodeURIComponent(pathname.slice(1))}": create it, or correct DATABASE_URL`,
        { cause },
      )
    default: {
      const why = code ?? (cause instanceof Error ? cause.message : 'unknown reason')
      return new GatewayError(
        'DATABASE_UNAVAILABLE',
        `PostgreSQL at ${place} cannot be used (${why}): see that it runs and accepts connections, or correct DATABASE_URL`,
        { cause },
      )
    }
  }
}

/** Of a batch that the store could not answer: perhaps it was committed. */
export const mayBeDone = (error: unknown): boolean => error instanceof StoreUnavailable
