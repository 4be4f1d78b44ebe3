#!/usr/bin/env node
// Stands in for Prisma's native schema engine, which Prisma would download: speaks its JSON-RPC on stdio, backed by the
// same engine as WebAssembly. prisma.config.ts names this file in PRISMA_SCHEMA_ENGINE_BINARY.
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { inspect, parseArgs } from 'node:util'
import { bindMigrationAwareSqlAdapterFactory } from '@prisma/driver-adapter-utils'
import pg from 'pg'
import { memoryFactory, postgresqlFactory } from './schema-engine/postgresql.mjs'
import { engine } from './schema-engine/wasm.mjs'

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
const url = values.datasource ? JSON.parse(values.datasource).url : undefined

if (values.version) console.log(`schema-engine-wasm ${engine.version()}`)
else if (positionals[0] === 'cli') process.exit(await command(positionals.at(-1)))
else await serve()

function log(level, message, fields = {}) {
  const line = {
    timestamp: new Date().toISOString(),
    level,
    fields: { message, ...fields },
    target: 'schema_engine::logger',
  }
  process.stderr.write(`${JSON.stringify(line)}\n`)
}

/** The few things that Prisma asks of the engine outside its protocol. */
async function command(name) {
  const codes = { '3D000': 'P1003', ECONNREFUSED: 'P1001', '28P01': 'P1000' }
  log('INFO', 'Starting schema engine CLI')
  try {
    if (name === 'can-connect-to-database')
      await onServer(url, async () => log('INFO', 'Connection successful'))
    else if (name === 'create-database') await onDatabase('CREATE')
    else if (name === 'drop-database') await onDatabase('DROP')
    else throw new Error(`unknown command ${name}`)
    return 0
  } catch (error) {
    const message = error.message || String(error.errors?.[0]?.message ?? error)
    log('ERROR', message, { is_panic: false, error_code: codes[error.code] ?? 'P1010', meta: {} })
    return 1
  }
}

async function onDatabase(verb) {
  const server = new URL(url)
  const name = decodeURIComponent(server.pathname.slice(1))
  server.pathname = '/postgres'
  server.searchParams.delete('schema')
  await onServer(server.href, (client) => client.query(`${verb} DATABASE ${pg.escapeIdentifier(name)}`))
}

async function onServer(href, work) {
  const client = new pg.Client(href)
  await client.connect()
  await work(client).finally(() => client.end())
}

/** One request at a time, in order. */
async function serve() {
  const isServer = url !== undefined && /^postgres(ql)?:/.test(url)
  const factory = isServer ? postgresqlFactory(url) : await memoryFactory()
  const bound = bindMigrationAwareSqlAdapterFactory(factory)
  const models = (values.datamodels ?? []).map((path) => [path, readFileSync(path, 'utf8')])
  const debug = (text) => process.env.DEBUG && process.stderr.write(`${text}\n`)
  let started
  const start = () =>
    (started ??= engine.SchemaEngine.new(
      { datamodels: models.length > 0 ? models : undefined },
      debug,
      bound,
    ))
  let last = Promise.resolve()
  const lines = createInterface({ input: process.stdin })
  lines.on('line', (line) => {
    const request = JSON.parse(line)
    if (request.method) last = last.then(() => answer(request, start, bound))
  })
  lines.on('close', () => last.then(() => process.exit(0)))
}

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`)
let printed = 1_000_000

async function answer({ id, method, params }, start, bound) {
  try {
    const running = await start()
    const result = await running[method === 'getDatabaseVersion' ? 'version' : method](params)
    if (method === 'diff' && result.stdout != null) {
      send({ id: printed++, method: 'print', params: { content: result.stdout.replace(/\n$/, '') } })
      send({ id, result: { exitCode: result.exitCode } })
    } else send({ id, result: result ?? null })
  } catch (error) {
    send({ id, error: rpcError(error instanceof Error ? error : new Error(inspect(error)), bound) })
  }
}

/** An error of the adapter reaches us as the cause, by its number in the registry. */
function rpcError(error, bound) {
  const { cause, code, meta } = error
  const known = cause?.id === undefined ? undefined : bound.errorRegistry.consumeError(cause.id)
  const message = known?.error?.message ?? `${error.message}${cause ? ` ${inspect(cause)}` : ''}`
  return { code: 4466, message, data: { is_panic: false, message, error_code: code, meta } }
}
