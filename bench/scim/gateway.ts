import { startGateway } from '../../src/app/gateway.ts'
import { createLogger } from '../../src/logger.ts'
import { serveParent } from './process.ts'

/** The gateway as `serve` starts it: one directory, no connections, the usual log level. */
serveParent(async ({ databaseUrl, token, publicUrl }) => {
  const gateway = await startGateway({
    environment: {
      host: '127.0.0.1',
      port: 0,
      publicUrl,
      trustProxy: false,
      databaseUrl,
      dataDir: '/nonexistent',
      insecureTargets: [],
      logLevel: 'info',
      // More than the machine can do: what is measured is not the limit.
      scimRequestsPerSecond: 1_000_000,
    },
    configuration: {
      directories: [
        {
          name: 'corp',
          client: 'auto',
          domains: [],
          tokens: [{ name: 'bench', secret: token }],
          connections: [],
        },
      ],
    },
    log: createLogger('info'),
  })
  return { port: Number(new URL(gateway.url).port), close: () => gateway.close() }
})
