import { randomFillSync } from 'node:crypto'
import { empty, join, raw, sqltag, type Sql as Template } from '@prisma/client/runtime/client'

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Ids of ours are lower-case UUIDs; anything else names nothing. */
export const isId = (text: string): boolean => uuid.test(text)

/** Drawn for many ids at once: asking the system costs more than the rest of an id. */
const drawn = Buffer.alloc(16 * 256)
let used = drawn.length

/** UUID version 7 (RFC 9562 §5.7): ids that are made together lie together in an index. */
export function newId(now = Date.now()): string {
  if (used === drawn.length) {
    randomFillSync(drawn)
    used = 0
  }
  const bytes = drawn.subarray(used, (used += 16))
  bytes.writeUIntBE(now, 0, 6)
  bytes[6] = (bytes[6]! & 0x0f) | 0x70
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** Stands for a value in a statement that is put together once. */
class Placeholder {
  readonly name: string
  constructor(name: string) {
    this.name = name
  }
}

/**
 * A statement that is put together once and then only given its values: each name is one parameter, however often it
 * stands in the text; everything else is written into the text.
 */
export function prepared<Name extends string>(
  build: (value: (name: Name) => Statement) => Statement,
  { shortRead = false }: Pick<Query, 'shortRead'> = {},
): (values: Readonly<Record<Name, unknown>>) => Query {
  let compiled: { readonly text: string; readonly names: readonly Name[] } | undefined
  return (values) => {
    compiled ??= compile<Name>(build((name) => sql`${new Placeholder(name)}`))
    return { text: compiled.text, values: compiled.names.map((name) => values[name]), shortRead }
  }
}

function compile<Name extends string>(statement: Statement): { text: string; names: Name[] } {
  const names: Name[] = []
  const text = statement.strings.reduce((text, part, index) => {
    const value: unknown = statement.values[index - 1]
    if (!(value instanceof Placeholder)) return text + literal(value) + part
    const name = value.name as Name
    if (!names.includes(name)) names.push(name)
    return `${text}$${names.indexOf(name) + 1}${part}`
  })
  return { text, names }
}

function literal(value: unknown): string {
  if (value === null) return 'NULL'
  if (typeof value === 'string' && !value.includes('\\')) return `'${value.replaceAll("'", "''")}'`
  if (typeof value === 'number' && Number.isFinite(value)) return String(value)
  throw new TypeError(`a ${typeof value} cannot be written into the text of a statement`)
}

/** Prisma's template: a statement or a part of one; values become parameters. */
export const sql = sqltag
/** `raw`: text of a statement as it is, never of a request. */
export { empty, join, raw }
export type Statement = Template
/** A statement as it is sent: `$1` stands for the first value. */
export type Query = Pick<Statement, 'text' | 'values'> & {
  /** Only reads, and few rows by an index: may share a round trip with others. */
  readonly shortRead?: boolean
}

/** Marks statements whose text depends on the request: they are not kept prepared. */
export const unprepared = '/* unprepared */'

/** NUL and halves of surrogate pairs, as `JSON.stringify` writes them: `jsonb` refuses both. */
const unstorable = /(?<!\\)((?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g

export const isStorable = (value: unknown): boolean => JSON.stringify(value).search(unstorable) < 0

/** A list whose length the planner does not see: or it would plan the statement anew for each (ADR 0008). */
export const unseen = (values: readonly unknown[], type: 'uuid' | 'int' | 'text' | 'jsonb'): Statement =>
  sql`(SELECT ${values}::${raw(type)}[])`

/** Plain JSON as a `jsonb` parameter; undefined is SQL's NULL. What PostgreSQL cannot hold becomes U+FFFD. */
export function json(value: unknown): Statement {
  if (value === undefined || value === null) return sql`NULL::jsonb`
  return sql`${storable(value)}::jsonb`
}

/** As a value for `jsonb`. What PostgreSQL cannot hold becomes U+FFFD. */
export const storable = (value: unknown): string => JSON.stringify(value).replace(unstorable, '$1\ufffd')

export function milliseconds(ms: number): Statement {
  return sql`(${ms}::double precision * interval '1 millisecond')`
}

/** Runs statements, each in one round trip. Rejects with `StoreUnavailable` while the database cannot be reached. */
export interface Sql {
  rows<T>(statement: Query): Promise<T[]>
  /** The first row. */
  row<T>(statement: Query): Promise<T | undefined>
  /**
   * The rows of each, in one round trip. One transaction: each sees what those before it wrote, and if one fails none was
   * done.
   */
  together(statements: readonly Query[]): Promise<unknown[][]>
  /** Several statements in one transaction; it is run again when the database gave it up for a conflict. */
  transaction<T>(work: (sql: Sql) => Promise<T>): Promise<T>
}
