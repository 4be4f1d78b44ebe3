// Loads the schema engine that Prisma publishes as WebAssembly.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import * as engine from '@prisma/schema-engine-wasm/schema_engine_bg'

const glue = createRequire(import.meta.url).resolve('@prisma/schema-engine-wasm/schema_engine_bg')
const { instance } = await WebAssembly.instantiate(readFileSync(glue.replace(/\.js$/, '.wasm')), {
  './schema_engine_bg.js': engine,
})
engine.__wbg_set_wasm(instance.exports)
instance.exports.__wbindgen_start()

export { engine }
