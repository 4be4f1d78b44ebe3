#!/usr/bin/env node
// Fails when schema.prisma changed without a migration. Needs no server: the shadow database is in memory.
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const { status } = spawnSync(
  process.execPath,
  [
    join(root, 'node_modules/prisma/build/index.js'),
    'migrate',
    'diff',
    '--config',
    'prisma.offline.config.ts',
    '--from-migrations',
    'prisma/migrations',
    '--to-schema',
    'prisma/schema.prisma',
    '--exit-code',
  ],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
)
if (status === 2) {
  console.error(
    'prisma/schema.prisma and prisma/migrations differ. Write the missing migration:\n' +
      '  npx prisma migrate diff --config prisma.offline.config.ts --from-migrations prisma/migrations' +
      ' --to-schema prisma/schema.prisma --script > prisma/migrations/<yyyymmddhhmmss>_<name>/migration.sql',
  )
}
process.exit(status === 0 ? 0 : 1)
