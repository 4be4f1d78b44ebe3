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

/** Parameters as they are sent. */
type Bound = readonly (string | Buffer | null)[]

/** What the driver lends to a query that speaks for itself, as its cursors do. */
interface Wire {
  readonly stream: { cork(): void; uncork(): void }
  readonly parsedStatements: Record<string, string | undefined>
  parse(statement: { text: string; name: string; types: undefined }): void
  bind(to: { statement: string; values: Bound }): void
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
  query: Named,
  done: (error: Error | undefined, rows: T[]) => void,
): pg.Submittable {
  let found: T[] = []
  return runTogether<T>(
    [query],
    (_, rows) => (found = rows),
    (error) => done(error, found),
  )
}

/**
 * Prepared statements that share one round trip, each answered as soon as it is through. They are one transaction: after
 * one that fails none is run, and what an earlier one wrote is undone.
 */
export function runTogether<T>(
  queries: readonly Named[],
  answered: (at: number, rows: T[]) => void,
  done: (error: Error | undefined) => void,
): pg.Submittable {
  const bound = queries.map(({ values }) => values.map(parameter))
  let at = 0
  let rows: T[] = []
  let columns: readonly Column[] | undefined
  let known: Map<string, readonly Column[]>
  let failure: Error | undefined
  const settle = once(done)
  const begin = (): void => {
    rows = []
    columns = at < queries.length ? known.get(queries[at]!.name) : undefined
  }
  const query = {
    // Read by the driver, which notes under them what the connection has parsed.
    get name() {
      return queries[at]?.name
    },
    get text() {
      return queries[at]?.text
    },
    submit(connection: unknown) {
      const wire = connection as Wire
      known = described.get(wire) ?? new Map<string, readonly Column[]>()
      described.set(wire, known)
      wire.stream.cork()
      try {
        send(wire, queries, bound, known)
      } finally {
        wire.stream.uncork()
      }
      begin()
    },
    handleRowDescription({ fields }: { fields: readonly { name: string; dataTypeID: number }[] }) {
      columns = fields.map(({ name, dataTypeID }) => ({ name, parse: parserOf(dataTypeID) }))
      known.set(queries[at]!.name, columns)
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
      if (!columns) known.set(queries[at]!.name, [])
      if (!failure) answered(at, rows)
      at++
      begin()
    },
    handleEmptyQuery() {},
    handlePortalSuspended() {},
    handleReadyForQuery: () => settle(failure),
    handleError: (error: Error) => settle(error),
  }
  return query as unknown as pg.Submittable
}

function once<T>(work: (value: T) => void): (value: T) => void {
  let over = false
  return (value) => {
    if (over) return
    over = true
    work(value)
  }
}

function send(
  wire: Wire,
  queries: readonly Named[],
  bound: readonly Bound[],
  known: ReadonlyMap<string, unknown>,
): void {
  const asked = new Set<string>()
  queries.forEach(({ name, text }, at) => {
    const kept = wire.parsedStatements[name] !== undefined
    const first = !asked.has(name)
    asked.add(name)
    if (!kept && first) wire.parse({ text, name, types: undefined })
    wire.bind({ statement: name, values: bound[at]! })
    if (first && !(kept && known.has(name))) wire.describe({ type: 'P', name: '' })
    wire.execute()
  })
  wire.sync()
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
