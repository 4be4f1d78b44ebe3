import { Type } from 'typebox'
import type { OperatorStore } from '../ports.ts'
import { route, type Route } from '../route.ts'
import { closed } from '../shapes.ts'
import { known, ofConnection } from '../routes/connections.ts'
import { ndjsonOf } from './inventory.ts'

export interface PreviewActions {
  /** What would happen now: a line for each account with something to do, the totals last. */
  preview(connectionId: string, options: { readonly unchanged: boolean }): AsyncIterable<object>
}

interface Parts {
  readonly store: OperatorStore
  readonly previews: PreviewActions
}

export function previewRoutes({ store, previews }: Parts): readonly Route[] {
  return [
    route({
      id: 'previewConnection',
      method: 'GET',
      path: '/connections/:connection/plans/preview',
      tag: 'plans',
      role: 'viewer',
      summary:
        'What would happen now for everybody of a connection, streamed as NDJSON, totals last. The vendor is read; nothing is written.',
      params: ofConnection,
      query: closed({ unchanged: Type.Boolean({ default: false }) }),
      streams: true,
      async run({ params, query }) {
        await known(store, params.connection)
        return ndjsonOf(previews.preview(params.connection, query))
      },
    }),
  ]
}
