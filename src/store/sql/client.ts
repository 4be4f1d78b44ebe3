import { PrismaPg } from '@prisma/adapter-pg'
import pg from 'pg'
import { PrismaClient } from '../../generated/prisma/client.ts'
import { createDirect, retrying } from './direct.ts'
import { isStatement } from './prepared.ts'
import { type Query, type Sql, unprepared } from './statement.ts'
import type { Prisma } from '../../generated/prisma/client.ts'

export interface Client {
  /** For what runs with every request or every turn of a worker: straight over the driver (ADR 0008). */
  readonly hot: Sql
  /** For everything else: over Prisma's client. */
  readonly usual: Sql
  close(): Promise<void>
}

export function createClient(url: string, onError: (error: Error) => void): Client {
  const { config, schema } = poolConfig(url)
  const pool = new pg.Pool(config)
  pool.on('error', onError)
  const names = new Map<string, string>()
  const adapter = new PrismaPg(pool, {
    ...(schema ? { schema } : {}),
    statementNameGenerator: ({ sql }) => {
      if (sql.startsWith(unprepared)) return ''
      const name = names.get(sql) ?? (names.size < 200 ? `drawbridge_${names.size}` : '')
      if (name) names.set(sql, name)
      return name
    },
  })
  const prisma = new PrismaClient({ adapter, errorFormat: 'minimal' })
  return {
    hot: createDirect(pool),
    usual: createSql(prisma),
    close: async () => {
      await prisma.$disconnect()
      await pool.end()
    },
  }
}

/** Prisma's `schema` parameter becomes the search path. */
export function poolConfig(url: string): { config: pg.PoolConfig; schema?: string } {
  const parsed = new URL(url)
  const schema = parsed.searchParams.get('schema') ?? undefined
  parsed.searchParams.delete('schema')
  const config: pg.PoolConfig = {
    connectionString: parsed.href,
    max: 16,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 60_000,
    allowExitOnIdle: true,
    application_name: 'drawbridge',
  }
  return schema
    ? { config: { ...config, options: `-c search_path=${schema.replaceAll(' ', '\\ ')}` }, schema }
    : { config }
}

interface Queryable {
  $queryRaw<T>(statement: Prisma.Sql): Promise<T>
}

function createSql(prisma: PrismaClient): Sql {
  const transaction: Sql['transaction'] = (work) =>
    retrying(() =>
      prisma.$transaction((inner) => work(insideTransaction(inner)), { maxWait: 5_000, timeout: 60_000 }),
    )
  return {
    ...overClient(prisma, retrying),
    together: (statements) => transaction((tx) => tx.together(statements)),
    transaction,
  }
}

function overClient(
  client: Queryable,
  around: <T>(run: () => Promise<T>) => Promise<T>,
): Omit<Sql, 'together' | 'transaction'> {
  const rows = <T>(statement: Query): Promise<T[]> => {
    if (!isStatement(statement)) throw new TypeError('prepared statements go the direct way')
    return around(() => client.$queryRaw<T[]>(statement))
  }
  return { rows, row: async <T>(statement: Query) => (await rows<T>(statement))[0] }
}

function insideTransaction(client: Queryable): Sql {
  const inner: Sql = {
    ...overClient(client, (run) => run()),
    together: (statements) => Promise.all(statements.map((statement) => inner.rows(statement))),
    transaction: (work) => work(inner),
  }
  return inner
}
