import { startGateway } from '../../src/app/gateway.ts'
import type { Configuration } from '../../src/model/configuration.ts'
import { createLogger } from '../../src/logger.ts'
import { serveParent } from '../scim/process.ts'

const configuration = JSON.parse(process.env['BENCH_CONFIGURATION']!) as Configuration

/** The gateway as `serve` starts it, with the connections of the bench. */
serveParent(async ({ databaseUrl, publicUrl }) => {
  const gateway = await startGateway({
    environment: {
      host: '127.0.0.1',
      port: 0,
      publicUrl,
      trustProxy: false,
      databaseUrl,
      dataDir: '/nonexistent',
      insecureTargets: ['127.0.0.1'],
      logLevel: 'warn',
    },
    configuration,
    log: createLogger('warn'),
  })
  process.on('SIGUSR2', () => {
    const [connection] = gateway.directories.flatMap(({ id }) => gateway.connections.ofDirectory(id))
    void gateway.reconciliation.reconcile(connection!.id)
  })
  return { port: Number(new URL(gateway.url).port), close: () => gateway.close() }
})
