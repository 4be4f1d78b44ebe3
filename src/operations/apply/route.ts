import { Type } from 'typebox'
import { route, type Route } from '../../admin/route.ts'
import { closed } from '../../admin/shapes.ts'
import type { Change } from '../../model/operator.ts'

export interface ConfigurationRequest {
  /** The file as it is written. */
  readonly text: string
  /** What `${NAME}` and `file:/path` in it stand for: secrets. */
  readonly variables: Readonly<Record<string, string>>
  readonly files: Readonly<Record<string, string>>
  /** `<directory>/<connection>` of connections that may be detached. */
  readonly detach: readonly string[]
  /** Detach although shut-outs are unproven there. */
  readonly abandon: boolean
}

export interface ConfigurationActions {
  /** What applying would change, in words; nothing is changed. */
  preview(request: ConfigurationRequest): Promise<readonly string[]>
  apply(request: ConfigurationRequest, by: Change): Promise<readonly string[]>
}

const body = closed({
  text: Type.String(),
  variables: Type.Record(Type.String(), Type.String(), { default: {} }),
  files: Type.Record(Type.String(), Type.String(), { default: {} }),
  detach: Type.Array(Type.String(), { default: [], maxItems: 100 }),
  abandon: Type.Boolean({ default: false }),
})
const changes = Type.Object({ changes: Type.Array(Type.String()) })

/** `drawbridge apply` against a running gateway. */
export function configurationRoutes(actions: ConfigurationActions): readonly Route[] {
  return [
    route({
      id: 'previewConfiguration',
      method: 'POST',
      path: '/configuration/preview',
      tag: 'configuration',
      role: 'admin',
      summary: 'What a configuration would change here; nothing is changed.',
      body,
      answer: changes,
      run: async ({ body: asked }) => ({ changes: [...(await actions.preview(asked))] }),
    }),
    route({
      id: 'applyConfiguration',
      method: 'PUT',
      path: '/configuration',
      tag: 'configuration',
      role: 'admin',
      summary: 'Makes the store and this process follow a configuration.',
      body,
      answer: changes,
      run: async ({ body: asked, by }) => ({ changes: [...(await actions.apply(asked, by))] }),
    }),
  ]
}
