import { randomBytes } from 'node:crypto'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pino from 'pino'
import { startGateway } from '../../src/app/gateway.ts'
import { testResources } from '../../test/support/test-resource.ts'

/**
 * The gateway as `serve` runs it, with its own database in a temporary directory, and one directory without
 * connections for each client profile; `testResource` adds a resource type with every kind of attribute.
 */
export async function startSuiteGateway({ clients, testResource = false }) {
  const dataDir = mkdtempSync(join(tmpdir(), 'drawbridge-suites-'))
  const clean = () => rmSync(dataDir, { recursive: true, force: true })
  // PostgreSQL runs as another user when this one is root.
  chmodSync(dataDir, 0o755)
  const tokens = Object.fromEntries(clients.map((client) => [client, randomBytes(24).toString('hex')]))
  try {
    const gateway = await startGateway({
      environment: environmentIn(dataDir),
      configuration: { directories: clients.map((client) => directoryFor(client, tokens[client])) },
      log: pino({ level: 'error' }, pino.destination(2)),
      ...(testResource && { resourceTypes: [testResources()] }),
    })
    return {
      url: `${gateway.url}/scim/v2`,
      tokens,
      async close() {
        await gateway.close()
        clean()
      },
    }
  } catch (error) {
    clean()
    throw error
  }
}

function environmentIn(dataDir) {
  return {
    host: '127.0.0.1',
    port: 0,
    trustProxy: false,
    dataDir,
    insecureTargets: [],
    logLevel: 'silent',
  }
}

function directoryFor(client, secret) {
  return { name: client, client, domains: [], tokens: [{ name: 'suite', secret }], connections: [] }
}
