#!/usr/bin/env node
// Fails when schema.prisma changed without a migration. Needs no server: the shadow database is in memory.
// What was found in order is not looked at again until one of the files behind the answer changes.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const stamp = join(root, 'node_modules/.cache/migrations-in-order')

/** Everything that decides: schema and migrations, the engine and its adapters, and the versions installed. */
const inputs = [
  'prisma/**/*',
  'prisma.offline.config.ts',
  'tools/check-migrations.mjs',
  'tools/schema-engine.mjs',
  'tools/schema-engine/*',
  'package-lock.json',
]

const fingerprint = fingerprintOf()
if (existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) process.exit(0)

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
// Only what the answer was given for: the files may have changed while it was looked for.
if (status === 0 && fingerprintOf() === fingerprint) {
  mkdirSync(dirname(stamp), { recursive: true })
  writeFileSync(stamp, fingerprint)
}
process.exit(status === 0 ? 0 : 1)

function fingerprintOf() {
  const hash = createHash('sha256')
  const found = globSync(inputs, { cwd: root, withFileTypes: true }).filter((each) => each.isFile())
  for (const file of found.map(({ parentPath, name }) => join(parentPath, name)).toSorted()) {
    hash.update(`${file}\0`).update(readFileSync(file)).update('\0')
  }
  return hash.digest('hex')
}
