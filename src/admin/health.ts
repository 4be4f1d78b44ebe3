import { Type } from 'typebox'
import { route, type Route } from './route.ts'
import { instant } from './shapes.ts'

export interface HealthActions {
  /** Rejects when the store does not answer. */
  store(): Promise<unknown>
  /** Undefined where none should run: a store that is opened alone. */
  workers(): boolean | undefined
}

/** Health for operators: release and instant beside what readiness tells. */
export function healthRoutes({
  health,
  release,
}: {
  readonly health: HealthActions
  readonly release: string
}): readonly Route[] {
  return [
    route({
      id: 'readHealth',
      method: 'GET',
      path: '/health',
      tag: 'health',
      role: 'viewer',
      scope: 'any',
      summary: 'Release, store and workers of the process that answers.',
      answer: Type.Object({
        release: Type.String(),
        at: instant,
        store: Type.Boolean(),
        workers: Type.Optional(Type.Boolean()),
      }),
      async run() {
        const store = await health.store().then(
          () => true,
          () => false,
        )
        const workers = health.workers()
        return { release, at: new Date().toISOString(), store, ...(workers === undefined ? {} : { workers }) }
      },
    }),
  ]
}
