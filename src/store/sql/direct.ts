import pg from 'pg'
import { createBatcher } from '../../batch.ts'
import { asStoreError, endsConnection, isConflict, isOutdated } from './failures.ts'
import { type Query, type Sql, unprepared } from './statement.ts'

/** Most short reads in one round trip. */
const mostTogether = 16

/**
 * Reads that are asked for in one turn of the event loop, in one round trip: it costs the gateway and PostgreSQL more than a
 * short read does. When one of them fails, it and those behind it run again, each by itself.
 */
const shortReads = (pool: pg.Pool): ((query: Named) => Promise<unknown[]>) =>
  createBatcher<Named, unknown[]>({
    most: mostTogether,
    together: (queries) =>
      new Promise((resolve, reject) => {
        pool.connect((refused, connection, release) => {
          if (refused || !connection) return reject(refused ?? new Error('no connection'))
          const answers: unknown[][] = []
          const done = (error: Error | undefined): void => {
            release(error && endsConnection(error))
            resolve(answers)
          }
          connection.query(runTogether(queries, (_, rows) => void answers.push(rows), done))
        })
      }),
    alone: (query) => onAny(pool, query),
    // No connection was to be had, for any of them.
    mayBeDone: () => true,
  })

/** Statements of which one connection keeps the plan; a text that is built anew each time must not fill it. */
const mostNames = 500

/** Statements over the driver, kept prepared by their text. */
export function createDirect(pool: pg.Pool): Sql {
  // The loss of a connection rejects what runs on it, and emits this event too; unheard it ends the process. The pool listens
  // only while it keeps the connection, and not in the moment in which one borrower follows another.
  pool.on('connect', (connection) => connection.on('error', ignore))
  const names = new Map<string, string>()
  const nameOf = (text: string): string | undefined => {
    const known = names.get(text)
    if (known !== undefined) return known
    if (names.size >= mostNames || text.startsWith(unprepared)) return undefined
    const name = `drawbridge_${names.size}`
    names.set(text, name)
    return name
  }

  function inside(connection: pg.PoolClient): Sql {
    const rows = <T>(query: Query): Promise<T[]> => {
      const name = nameOf(query.text)
      return name === undefined ? usual<T>(connection, query) : onConnection<T>(connection, query, name)
    }
    const inner: Sql = {
      rows,
      row: async <T>(statement: Query) => (await rows<T>(statement))[0],
      together: (queries) => Promise.all(queries.map((query) => rows(query))),
      transaction: (work) => work(inner),
    }
    return inner
  }

  const readShort = shortReads(pool)
  const ask = <T>({ text, values, shortRead }: Query): Promise<T[]> => {
    const name = nameOf(text)
    if (name === undefined) return usual<T>(pool, { text, values })
    return shortRead
      ? (readShort({ name, text, values }) as Promise<T[]>)
      : onAny<T>(pool, { name, text, values })
  }
  const rows = <T>(statement: Query): Promise<T[]> => retrying(() => ask<T>(statement))
  const transaction: Sql['transaction'] = (work) =>
    retrying(() => transact(pool, (connection) => work(inside(connection))))
  return {
    rows,
    row: async <T>(statement: Query) => (await rows<T>(statement))[0],
    async together(queries) {
      const named = queries.flatMap(({ text, values }) => {
        const name = nameOf(text)
        return name === undefined ? [] : [{ name, text, values }]
      })
      if (named.length === queries.length) return retrying(() => onOne(pool, named))
      return transaction((tx) => tx.together(queries))
    },
    transaction,
  }
}

/** The driver's own way: for a text that is not kept. */
async function usual<T>(connection: Pick<pg.Pool, 'query'>, { text, values }: Query): Promise<T[]> {
  return (await connection.query({ text, values } as pg.QueryConfig)).rows as T[]
}

function onConnection<T>(connection: pg.PoolClient, query: Query, name: string): Promise<T[]> {
  return new Promise((resolve, reject) => {
    const { text, values } = query
    const done = (error: Error | undefined, rows: T[]): void => (error ? reject(error) : resolve(rows))
    connection.query(runNamed<T>({ name, text, values }, done))
  })
}

/** One statement on whichever connection is free. */
const onAny = <T>(pool: pg.Pool, query: Named): Promise<T[]> => lent(pool, (done) => runNamed<T>(query, done))

/** Statements that share a round trip and a transaction, on whichever connection is free. */
function onOne(pool: pg.Pool, queries: readonly Named[]): Promise<unknown[][]> {
  const all: unknown[][] = []
  return lent(pool, (done) =>
    runTogether(
      queries,
      (_, rows) => void all.push(rows),
      (error) => done(error, all),
    ),
  )
}

function lent<T>(
  pool: pg.Pool,
  query: (done: (error: Error | undefined, found: T) => void) => pg.Submittable,
): Promise<T> {
  return new Promise((resolve, reject) => {
    pool.connect((refused, connection, release) => {
      if (refused || !connection) return reject(refused ?? new Error('no connection'))
      const done = (error: Error | undefined, found: T): void => {
        release(error && endsConnection(error))
        if (error) reject(error)
        else resolve(found)
      }
      connection.query(query(done))
    })
  })
}

const ignore = (): void => {}

async function transact<T>(pool: pg.Pool, work: (connection: pg.PoolClient) => Promise<T>): Promise<T> {
  const connection = await pool.connect()
  let broken = false
  try {
    await connection.query('BEGIN')
    const result = await work(connection)
    await connection.query('COMMIT')
    return result
  } catch (error) {
    broken = isOutdated(error)
    // The work may have refused by itself: a connection that can still be rolled back is as good as before.
    await connection.query('ROLLBACK').catch(() => {
      broken = true
    })
    throw error
  } finally {
    connection.release(broken)
  }
}

/** Deadlocks and serialization failures are tried again; nothing of them was kept. */
async function retrying<T>(run: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await run()
    } catch (error) {
      if (attempt < 10 && isConflict(error)) continue
      throw asStoreError(error)
    }
  }
}

/** A statement that every connection keeps prepared under a name of its own. */
interface Named extends Query {
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
function runNamed<T>(query: Named, done: (error: Error | undefined, rows: T[]) => void): pg.Submittable {
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
function runTogether<T>(
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
function parameter(value: unknown): string | Buffer | null {
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

export interface Client extends Sql {
  close(): Promise<void>
}

/** Longest time that a transaction may wait for its next statement, in milliseconds; the database ends it then. */
const longestIdleMs = 60_000

export function createClient(url: string, onError: (error: Error) => void): Client {
  const pool = new pg.Pool(poolConfig(url).config)
  pool.on('error', onError)
  return { ...createDirect(pool), close: () => pool.end() }
}

/** The parameter `schema` of the URL, as Prisma has it, becomes the search path. */
export function poolConfig(url: string): { config: pg.PoolConfig; schema?: string } {
  const parsed = new URL(url)
  const schema = parsed.searchParams.get('schema') ?? undefined
  parsed.searchParams.delete('schema')
  const config: pg.PoolConfig = {
    connectionString: parsed.href,
    max: 16,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    idle_in_transaction_session_timeout: longestIdleMs,
    allowExitOnIdle: true,
    application_name: 'drawbridge',
  }
  return schema
    ? { config: { ...config, options: `-c search_path=${schema.replaceAll(' ', '\\ ')}` }, schema }
    : { config }
}
