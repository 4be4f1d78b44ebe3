/** The store cannot be reached now; nothing was acknowledged. HTTP answers 503. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable'
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options)
  }
}

/** SQLSTATE, or the system's code of a connection failure, wherever Prisma put it. */
export function codeOf(error: unknown): string | undefined {
  for (const layer of layersOf(error)) {
    const code = layer['originalCode'] ?? layer['code']
    if (typeof code === 'string' && !/^P\d{4}$/.test(code)) return code
  }
  return undefined
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
const unreachableKinds = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'TlsConnectionError',
])
const unreachableWords =
  /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|Unable to start a transaction|Can't reach database/

/** `StoreUnavailable` where the database could not be reached, else the error itself. */
export function asStoreError(error: unknown): unknown {
  if (error instanceof StoreUnavailable) return error
  const down = layersOf(error).some(
    (layer) =>
      unreachableKinds.has(String(layer['kind'])) ||
      unreachable.test(String(layer['originalCode'] ?? layer['code'] ?? '')) ||
      ['P1001', 'P1002', 'P1008', 'P1017', 'P2024', 'P2028'].includes(String(layer['code'])) ||
      unreachableWords.test(String(layer['message'] ?? '')),
  )
  return down ? new StoreUnavailable('the store cannot be reached', { cause: error }) : error
}

function layersOf(error: unknown): Record<string, unknown>[] {
  const layers: Record<string, unknown>[] = []
  const queue: unknown[] = [error]
  while (queue.length > 0 && layers.length < 10) {
    const next = queue.shift()
    if (typeof next !== 'object' || next === null || layers.includes(next as Record<string, unknown>))
      continue
    const layer = next as Record<string, unknown>
    layers.push(layer)
    queue.push(layer['meta'], layer['driverAdapterError'], layer['cause'])
  }
  return layers
}
