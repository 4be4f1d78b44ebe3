import type { FastifyInstance } from 'fastify'

export interface HealthChecks {
  /** Rejects when the store does not answer; it opens only with all migrations applied. */
  readonly store: () => Promise<unknown>
  readonly workers: () => boolean
  /** Accounts that nobody works although they have been due for more than a minute: told, and no reason to be restarted. */
  readonly unserved: () => number
}

/** `/health/live` and `/health/ready`: no token, no names. Readiness never depends on a vendor. */
export function registerHealth(app: FastifyInstance, { store, workers, unserved }: HealthChecks): void {
  app.get('/health/live', async () => ({ status: 'ok' }))

  app.get('/health/ready', async (_request, reply) => {
    const answers = await store().then(
      () => true,
      () => false,
    )
    const checks = { store: answers, workers: workers() }
    const ready = Object.values(checks).every(Boolean)
    return reply
      .code(ready ? 200 : 503)
      .send({ status: ready ? 'ready' : 'not ready', checks, unserved: unserved() })
  })
}
