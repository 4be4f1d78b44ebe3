import { createHash } from 'node:crypto'
import { Transform } from 'node:stream'
import { GatewayError } from '../../model/errors.ts'

/**
 * A backup is a gzip stream of lines: a header (JSON), then for each table a line `{"table", "columns"}`, its rows in
 * PostgreSQL's text form of COPY (one line each, never a raw newline), and `\.`; at last `{"sha256", "rows"}` of all before.
 */
export interface BackupHeader {
  readonly format: 'drawbridge-backup'
  readonly version: 1
  readonly release: string
  /** ISO 8601 instant of the snapshot, database clock. */
  readonly takenAt: string
  /** Migrations that its tables are of. */
  readonly migrations: readonly string[]
}

export interface TableHead {
  readonly table: string
  readonly columns: readonly string[]
}

export interface BackupEnd {
  readonly sha256: string
  readonly rows: number
}

export const endOfTable = '\\.'

export const line = (value: unknown): string => `${JSON.stringify(value)}\n`

/** Passes bytes on and hashes them. */
export function hashing(): Transform & { digest(): string } {
  const hash = createHash('sha256')
  const through = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk)
      done(null, chunk)
    },
  })
  return Object.assign(through, { digest: () => hash.copy().digest('hex') })
}

export function unreadable(why: string): GatewayError {
  return new GatewayError(
    'BACKUP_UNREADABLE',
    `this is no complete backup of Drawbridge: ${why}; nothing was restored`,
  )
}

/** Splits bytes into lines without their newline, as bytes: rows need not be valid UTF-8 piece by piece. */
export async function* linesOf(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer[] = []
  for await (const chunk of source) {
    let from = 0
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, from)) {
      yield Buffer.concat([...rest, chunk.subarray(from, at)])
      rest = []
      from = at + 1
    }
    if (from < chunk.length) rest.push(chunk.subarray(from))
  }
  if (rest.length > 0) yield Buffer.concat(rest)
}

/** Is told of each table before it is copied, and how many of how many were. */
export type OnTable = (table: string, share: { readonly done: number; readonly total: number }) => void
