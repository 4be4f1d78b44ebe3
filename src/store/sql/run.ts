import pg from 'pg'
import type { Query } from './statement.ts'

/** A statement that every connection keeps prepared under a name of its own. */
export interface Named extends Query {
  readonly name: string
}

interface Column {
  readonly name: string
  readonly parse: (text: string) => unknown
}

/** What the driver lends to a query that speaks for itself, as its cursors do. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void }
  readonly parsedStatements: Record<string, string | undefined>
  parse(statement: { text: string; name: string; types: undefined }): void
  bind(to: { statement: string; values: readonly (string | Buffer | null)[] }): void
  describe(portal: { type: 'P'; name: '' }): void
  execute(): void
  sync(): void
}

/** What the statements that a connection keeps give: that cannot change as long as the connection lives. */
const described = new WeakMap<object, Map<string, readonly Column[]>>()

/**
 * A prepared statement for `client.query`. The driver's own asks the database each time which columns will come, and
 * takes their names and types apart: that is asked once here, and costs a fifth of a short statement.
 */
export function runNamed<T>(
  { name, text, values }: Named,
  done: (error: Error | undefined, rows: T[]) => void,
): pg.Submittable {
  const bound = values.map(parameter)
  const rows: T[] = []
  let columns: readonly Column[] | undefined
  let wire: Wire | undefined
  let failure: Error | undefined
  let settled = false
  const settle = (error?: Error): void => {
    if (settled) return
    settled = true
    done(error, rows)
  }
  const query = {
    // Read by the driver, which notes under them what the connection has parsed.
    name,
    text,
    submit(connection: unknown) {
      wire = connection as Wire
      const kept = wire.parsedStatements[name] !== undefined
      columns = kept ? described.get(wire)?.get(name) : undefined
      wire.stream.cork()
      try {
        if (!kept) wire.parse({ text, name, types: undefined })
        wire.bind({ statement: name, values: bound })
        if (!columns) wire.describe({ type: 'P', name: '' })
        wire.execute()
        wire.sync()
      } finally {
        wire.stream.uncork()
      }
    },
    handleRowDescription({ fields }: { fields: readonly { name: string; dataTypeID: number }[] }) {
      columns = fields.map(({ name, dataTypeID }) => ({ name, parse: parserOf(dataTypeID) }))
      remember(columns)
    },
    handleDataRow({ fields }: { fields: readonly (string | null)[] }) {
      try {
        rows.push(rowOf(columns!, fields) as T)
      } catch (error) {
        failure ??= error as Error
      }
    },
    handleCommandComplete() {
      // A statement that gives no rows has no description.
      if (!columns) remember([])
    },
    handleEmptyQuery() {},
    handlePortalSuspended() {},
    handleReadyForQuery: () => settle(failure),
    handleError: (error: Error) => settle(error),
  }
  const remember = (found: readonly Column[]): void => {
    const known = described.get(wire!) ?? new Map<string, readonly Column[]>()
    described.set(wire!, known.set(name, found))
  }
  return query as unknown as pg.Submittable
}

function rowOf(columns: readonly Column[], fields: readonly (string | null)[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  columns.forEach(({ name, parse }, at) => {
    const text = fields[at]!
    row[name] = text === null ? null : parse(text)
  })
  return row
}

const timestamptz = 1184

function parserOf(type: number): Column['parse'] {
  const usual = pg.types.getTypeParser(type, 'text') as Column['parse']
  return type === timestamptz ? (text) => utc(text) ?? usual(text) : usual
}

/** `2026-11-22 10:00:00.123+00`, as a session in UTC writes it, without a pattern. */
function utc(text: string): Date | undefined {
  if (text.charCodeAt(4) !== 45 || text.charCodeAt(10) !== 32 || !text.endsWith('+00')) return undefined
  const time = Date.parse(`${text.slice(0, 10)}T${text.slice(11, -3)}Z`)
  return Number.isNaN(time) ? undefined : new Date(time)
}

/** A value as PostgreSQL reads it from text. */
export function parameter(value: unknown): string | Buffer | null {
  if (typeof value === 'string') return value
  if (value === null || value === undefined) return null
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return `{${value.map(element).join(',')}}`
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return JSON.stringify(value)
}

function element(value: unknown): string {
  if (Array.isArray(value)) return `{${value.map(element).join(',')}}`
  const text = parameter(value)
  if (text === null) return 'NULL'
  if (Buffer.isBuffer(text)) return `"\\\\x${text.toString('hex')}"`
  return `"${text.replace(/[\\"]/g, '\\$&')}"`
}
