#!/usr/bin/env node
// Generates the Prisma client into src/generated/prisma when schema.prisma changed. Runs on Node 20 too; downloads nothing.
import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const schema = join(root, 'prisma/schema.prisma')
const client = join(root, 'src/generated/prisma/client.ts')
const stamp = join(root, 'src/generated/prisma.stamp')
const cli = join(root, 'node_modules/prisma/build/index.js')

/** Makes sure that the generated client fits schema.prisma; answers true when it had to be generated. */
export function generateClient() {
  if (!existsSync(schema)) return false
  const fingerprint = fingerprintOf()
  if (existsSync(client) && existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint) return false
  if (!existsSync(cli)) {
    if (existsSync(client)) return false
    throw new Error(
      'the Prisma client is missing and cannot be generated: run npm ci with development dependencies',
    )
  }
  const node24 = join(root, 'node_modules/.bin/node')
  execFileSync(existsSync(node24) ? node24 : process.execPath, [cli, 'generate'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: {
      ...process.env,
      // Generating needs no engine; naming an existing file keeps Prisma from downloading one.
      PRISMA_SCHEMA_ENGINE_BINARY: join(root, 'tools/schema-engine.mjs'),
      PRISMA_HIDE_UPDATE_MESSAGE: '1',
      CHECKPOINT_DISABLE: '1',
    },
  })
  writeFileSync(stamp, fingerprint)
  return true
}

function fingerprintOf() {
  const hash = createHash('sha256').update(readFileSync(schema))
  if (existsSync(cli)) hash.update(readFileSync(join(root, 'node_modules/prisma/package.json')))
  return hash.digest('hex')
}

if (process.argv[1] && realpathSync(process.argv[1]) === realpathSync(fileURLToPath(import.meta.url))) {
  if (generateClient()) console.log('Prisma client generated')
}
