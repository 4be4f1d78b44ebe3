import { fileURLToPath } from 'node:url'
import { defineConfig } from 'prisma/config'

// Stands in for the native engine, which Prisma would download otherwise; unset this line where that is wanted.
process.env['PRISMA_SCHEMA_ENGINE_BINARY'] ??= fileURLToPath(
  new URL('./tools/schema-engine.mjs', import.meta.url),
)
process.env['CHECKPOINT_DISABLE'] ??= '1'
process.env['PRISMA_HIDE_UPDATE_MESSAGE'] ??= '1'

export default defineConfig({
  schema: 'prisma/schema.prisma',
  migrations: { path: 'prisma/migrations' },
})
