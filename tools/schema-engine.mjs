#!/usr/bin/env node
// Stand-in for Prisma's native schema-engine: speaks its JSON-RPC on stdio, backed by @prisma/schema-engine-wasm.
// Use: PRISMA_SCHEMA_ENGINE_BINARY=$PWD/tools/schema-engine.mjs npx prisma migrate ...
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { createRequire } from 'node:module'
import { inspect, parseArgs } from 'node:util'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'

const require = createRequire(import.meta.url)
const bg = await import('@prisma/schema-engine-wasm/schema_engine_bg')
const bgPath = require.resolve('@prisma/schema-engine-wasm/schema_engine_bg')
{
  const { instance } = await WebAssembly.instantiate(readFileSync(bgPath.replace(/\.js$/, '.wasm')), {
    './schema_engine_bg.js': bg,
  })
  bg.__wbg_set_wasm(instance.exports)
  instance.exports.__wbindgen_start()
}
const { values, positionals } = parseArgs({
  allowPositionals: true,
  strict: false,
  options: {
    datamodels: { type: 'string', multiple: true, short: 'd' },
    datasource: { type: 'string' },
    'enabled-preview-features': { type: 'string' },
    'extension-types': { type: 'string' },
    version: { type: 'boolean' },
  },
})
if (values.version) {
  console.log(`schema-engine-wasm ${bg.version()}`)
  process.exit(0)
}

const ds = values.datasource ? JSON.parse(values.datasource) : {}

/** One pinned connection (advisory locks are per session), whole scripts in one simple-protocol query, and the "char" type. */
async function pgFactory(url) {
  const { PrismaPg } = await import('@prisma/adapter-pg')
  const { ColumnTypeEnum } = await import('@prisma/driver-adapter-utils')
  const { default: pg } = await import('pg')
  const u = new URL(url)
  const schema = u.searchParams.get('schema') ?? undefined
  u.searchParams.delete('schema')
  const fix = (adapter) => {
    const client = adapter.client
    const queryRaw = adapter.queryRaw.bind(adapter)
    let chars = []
    adapter.client = new Proxy(client, {
      get(t, k) {
        if (k === 'query')
          return async (...a) => {
            const r = await t.query(...a)
            if (r.fields) {
              chars = []
              r.fields.forEach((f, i) => {
                if (f.dataTypeID === 18) {
                  f.dataTypeID = 1042
                  chars.push(i)
                }
              })
            }
            return r
          }
        const v = t[k]
        return typeof v === 'function' ? v.bind(t) : v
      },
    })
    adapter.queryRaw = async (q) => {
      const r = await queryRaw(q)
      for (const i of chars) r.columnTypes[i] = ColumnTypeEnum.Character
      chars = []
      return r
    }
    adapter.executeScript = async (sql) => {
      try {
        await client.query(sql)
      } catch (e) {
        adapter.onError(e)
      }
    }
    const start = adapter.startTransaction?.bind(adapter)
    if (start) adapter.startTransaction = async (i) => fix(await start(i))
    return adapter
  }
  const mk = (href) => {
    const f = new PrismaPg(new pg.Pool({ connectionString: href, max: 2 }), {
      schema,
      disposeExternalPool: true,
    })
    return f
  }
  const main = mk(u.href)
  return {
    provider: main.provider,
    adapterName: main.adapterName,
    connect: async () => fix(await main.connect()),
    connectToShadowDb: async () => {
      if (process.env.PRISMA_SHADOW !== 'server') {
        // default: shadow database is an in-memory PGlite; no CREATEDB right needed
        const { PGlite } = await import('@electric-sql/pglite')
        const { PrismaPGlite } = await import('pglite-prisma-adapter')
        return new PrismaPGlite(new PGlite()).connect()
      }
      const name = `prisma_migrate_shadow_db_${crypto.randomUUID()}`
      const admin = new pg.Client({ connectionString: u.href })
      await admin.connect()
      await admin.query(`CREATE DATABASE "${name}"`)
      const su = new URL(u.href)
      su.pathname = '/' + name
      const sf = mk(su.href)
      const a = fix(await sf.connect())
      const dispose = a.dispose.bind(a)
      a.dispose = async () => {
        await dispose()
        await admin.query(`DROP DATABASE IF EXISTS "${name}"`)
        await admin.end()
      }
      return a
    },
  }
}
async function factory() {
  if (ds.url && /^postgres(ql)?:/.test(ds.url)) return pgFactory(ds.url)
  const { PGlite } = await import('@electric-sql/pglite')
  const { PrismaPGlite } = await import('pglite-prisma-adapter')
  const dir = ds.url?.startsWith('pglite:') ? ds.url.slice(7) : undefined
  return new PrismaPGlite(new PGlite(dir))
}
const log = (level, message, extra = {}) =>
  process.stderr.write(
    JSON.stringify({
      timestamp: new Date().toISOString(),
      level,
      fields: { message, ...extra },
      target: 'schema_engine::logger',
    }) + '\n',
  )

if (positionals[0] === 'cli') {
  log('INFO', 'Starting schema engine CLI')
  const cmd = positionals.at(-1)
  try {
    const url = new URL(ds.url)
    const { default: pg } = await import('pg')
    if (cmd === 'can-connect-to-database') {
      const c = new pg.Client(ds.url)
      await c.connect()
      await c.end()
      log('INFO', 'Connection successful')
    } else if (cmd === 'create-database' || cmd === 'drop-database') {
      const db = decodeURIComponent(url.pathname.slice(1))
      url.pathname = '/postgres'
      url.search = ''
      const c = new pg.Client(url.href)
      await c.connect()
      await c.query(`${cmd === 'create-database' ? 'CREATE' : 'DROP'} DATABASE ${pg.escapeIdentifier(db)}`)
      await c.end()
    } else throw new Error(`unknown cli command ${cmd}`)
    process.exit(0)
  } catch (e) {
    const code =
      e.code === '3D000'
        ? 'P1003'
        : e.code === 'ECONNREFUSED'
          ? 'P1001'
          : e.code === '28P01'
            ? 'P1000'
            : 'P1010'
    log('ERROR', e.message || String(e.errors?.[0]?.message ?? e), {
      is_panic: false,
      error_code: code,
      meta: {},
    })
    process.exit(1)
  }
}

const datamodels = (values.datamodels ?? []).map((p) => [p, readFileSync(p, 'utf8')])
const bound = bindMigrationAwareSqlAdapterFactory(await factory())
let engineP
const engine = () =>
  (engineP ??= bg.SchemaEngine.new(
    { datamodels: datamodels.length ? datamodels : undefined },
    (m) => {
      if (process.env.DEBUG) process.stderr.write(m + '\n')
    },
    bound,
  ))
const send = (o) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...o }) + '\n')
let printId = 1000000
const MAP = { getDatabaseVersion: 'version', debugPanic: 'debugPanic' }
let chain = Promise.resolve()
const rl = createInterface({ input: process.stdin })
rl.on('line', (line) => {
  const m = JSON.parse(line)
  if (m.method) chain = chain.then(() => handle(m))
})
rl.on('close', () => chain.then(() => process.exit(0)))
async function handle({ id, method, params }) {
  try {
    if (process.env.DEBUG) log('INFO', method)
    const e = await engine()
    let result = await e[MAP[method] ?? method](params)
    if (method === 'diff' && result.stdout != null) {
      send({ id: printId++, method: 'print', params: { content: result.stdout.replace(/\n$/, '') } })
      result = { exitCode: result.exitCode }
    }
    send({ id, result: result ?? null })
  } catch (err) {
    let message = err?.message ?? inspect(err),
      code = err?.code
    if (err?.cause?.kind || err?.cause) message += ` ${inspect(err.cause)}`
    const ext = err?.cause?.id !== undefined ? bound.errorRegistry.consumeError(err.cause.id) : undefined
    if (ext) message = ext.error?.message ?? message
    send({
      id,
      error: { code: 4466, message, data: { is_panic: false, message, error_code: code, meta: err?.meta } },
    })
  }
}
