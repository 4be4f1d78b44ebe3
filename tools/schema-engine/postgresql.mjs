// Prisma's PostgreSQL adapter, made fit for migrations.
import { PrismaPg } from '@prisma/adapter-pg'
import { ColumnTypeEnum } from '@prisma/driver-adapter-utils'
import pg from 'pg'

/** Object id of the type "char", which the adapter does not know, and of `bpchar`, which it reads alike. */
const charType = 18
const bpcharType = 1042

/** In memory, so that no server and no right to create databases is needed. */
export async function memoryFactory(dataDir) {
  const { PGlite } = await import('@electric-sql/pglite')
  const { PrismaPGlite } = await import('pglite-prisma-adapter')
  return new PrismaPGlite(new PGlite(dataDir))
}

/** The shadow database is in memory too, unless PRISMA_SHADOW=server asks for one on the server. */
export function postgresqlFactory(url) {
  const { href, schema } = withoutSchema(url)
  const main = pooled(href, schema)
  return {
    provider: main.provider,
    adapterName: main.adapterName,
    connect: async () => mended(await main.connect()),
    connectToShadowDb: async () =>
      process.env.PRISMA_SHADOW === 'server' ? serverShadow(href, schema) : (await memoryFactory()).connect(),
  }
}

function withoutSchema(url) {
  const parsed = new URL(url)
  const schema = parsed.searchParams.get('schema') ?? undefined
  parsed.searchParams.delete('schema')
  return { href: parsed.href, schema }
}

function pooled(href, schema) {
  return new PrismaPg(new pg.Pool({ connectionString: href, max: 2 }), { schema, disposeExternalPool: true })
}

async function serverShadow(href, schema) {
  const name = `prisma_migrate_shadow_db_${crypto.randomUUID()}`
  const admin = new pg.Client({ connectionString: href })
  await admin.connect()
  await admin.query(`CREATE DATABASE "${name}"`)
  const url = new URL(href)
  url.pathname = `/${name}`
  const adapter = mended(await pooled(url.href, schema).connect())
  const dispose = adapter.dispose.bind(adapter)
  adapter.dispose = async () => {
    await dispose()
    await admin.query(`DROP DATABASE IF EXISTS "${name}"`)
    await admin.end()
  }
  return adapter
}

/**
 * Mends two faults of the adapter: it does not know the type "char", and it splits scripts at every semicolon, which
 * breaks function bodies and runs each statement by itself.
 */
function mended(adapter) {
  const { client } = adapter
  let charColumns = []
  const query = async (...args) => {
    const result = await client.query(...args)
    if (result.fields) charColumns = renameChars(result.fields)
    return result
  }
  adapter.client = new Proxy(client, {
    get(target, key) {
      if (key === 'query') return query
      const value = target[key]
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  const queryRaw = adapter.queryRaw.bind(adapter)
  adapter.queryRaw = async (statement) => {
    const result = await queryRaw(statement)
    for (const at of charColumns.splice(0)) result.columnTypes[at] = ColumnTypeEnum.Character
    return result
  }
  adapter.executeScript = async (script) => {
    try {
      await client.query(script)
    } catch (error) {
      adapter.onError(error)
    }
  }
  const startTransaction = adapter.startTransaction?.bind(adapter)
  if (startTransaction) adapter.startTransaction = async (level) => mended(await startTransaction(level))
  return adapter
}

function renameChars(fields) {
  return fields.flatMap((field, at) => {
    if (field.dataTypeID !== charType) return []
    field.dataTypeID = bpcharType
    return [at]
  })
}
