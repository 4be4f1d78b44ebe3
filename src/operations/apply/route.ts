import { Type } from 'typebox'
import { route, type Route } from '../../admin/route.ts'
import { closed } from '../../admin/shapes.ts'
import type { Configuration } from '../../model/configuration.ts'
import type { Applied } from '../../store/connections/configuration.ts'
import { keysOfProcesses } from '../../store/processes/processes.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { applyTo, configurationOf } from './apply.ts'
import { previewConfiguration } from './store.ts'

interface Deps {
  readonly db: Sql
  readonly forgetTokens: () => void
  readonly insecureTargets: readonly string[]
  /** A configuration was applied: this process works with it from now on. */
  readonly follow: (configuration: Configuration, applied: Applied) => void
}

const body = closed({
  text: Type.String(),
  variables: Type.Record(Type.String(), Type.String(), { default: {} }),
  files: Type.Record(Type.String(), Type.String(), { default: {} }),
  detach: Type.Array(Type.String(), { default: [], maxItems: 100 }),
  abandon: Type.Boolean({ default: false }),
})
const changes = Type.Object({ changes: Type.Array(Type.String()) })
const applied = Type.Object({
  changes: Type.Array(Type.String()),
  gateways: Type.Integer({ description: 'gateways that live on the store' }),
  reconnecting: Type.Array(Type.String(), {
    description: 'connections that are new or have other settings: other gateways need the file for them',
  }),
})

/** `drawbridge apply` against a running gateway. */
export function configurationRoutes(deps: Deps): readonly Route[] {
  const { db, insecureTargets, follow } = deps
  return [
    route({
      id: 'previewConfiguration',
      method: 'POST',
      path: '/configuration/preview',
      tag: 'configuration',
      role: 'admin',
      summary: 'Shows what a configuration would change; changes nothing.',
      body,
      answer: changes,
      run: async ({ body: request }) => ({
        changes: [...(await previewConfiguration(db, configurationOf(request, insecureTargets), request))],
      }),
    }),
    route({
      id: 'applyConfiguration',
      method: 'PUT',
      path: '/configuration',
      tag: 'configuration',
      role: 'admin',
      summary: 'Applies a configuration to the store and this process.',
      body,
      answer: applied,
      async run({ body: request, actor }) {
        const configuration = configurationOf(request, insecureTargets)
        const now = await applyTo(deps, configuration, actor, request)
        follow(configuration, now)
        return {
          changes: [...now.changes],
          gateways: (await keysOfProcesses(db)).length,
          reconnecting: [...now.reconnecting],
        }
      },
    }),
  ]
}
