import Fastify from 'fastify'
import type { OfflineApi } from '../cli/command.ts'
import { randomBytes } from 'node:crypto'
import type { Environment } from '../model/configuration.ts'
import { openDatabase } from '../store/open.ts'
import { withKit } from './kit.ts'
import { operatorBase, registerOperatorApi } from './operator-api.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** Opens the store, starting its PostgreSQL where it is our own. Rejects with a `GatewayError`. */
export async function openOffline(environment: Environment): Promise<OfflineApi> {
  const { databaseUrl, dataDir } = environment
  const store = await openDatabase({
    ...(databaseUrl === undefined ? {} : { databaseUrl }),
    dataDir,
    log: silent,
  })
  const app = Fastify()
  const localToken = randomBytes(32).toString('base64url')
  await registerOperatorApi(app, {
    environment,
    store,
    localToken,
    workers: () => undefined,
    wake: () => {},
    follow: () => {},
    lendKit: (use) => withKit(environment, use),
    changed: async () => {},
  })
  return {
    async request(method, path, body) {
      const { statusCode: status, body: text } = await app.inject({
        method: method as 'GET',
        url: operatorBase + path,
        headers: { authorization: `Bearer ${localToken}` },
        ...(body === undefined ? {} : { payload: body as object }),
      })
      return { status, text }
    },
    async close() {
      await app.close()
      await store.close()
    },
  }
}
