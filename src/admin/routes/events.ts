import { Type } from 'typebox'
import type { OperatorStore } from '../ports.ts'
import { route, type Route } from '../route.ts'
import { closed, event, eventsQuery, listOf, pageOf } from '../shapes.ts'

export function eventRoutes(store: OperatorStore): readonly Route[] {
  return [
    route({
      id: 'listEvents',
      method: 'GET',
      path: '/events',
      tag: 'events',
      role: 'viewer',
      summary: 'The audit, newest first.',
      query: closed({
        ...eventsQuery,
        actor: Type.Optional(Type.String()),
        action: Type.Optional(Type.String()),
        resourceId: Type.Optional(Type.String()),
      }),
      answer: listOf(Type.Object(event)),
      run: async ({ query }) => pageOf(await store.events({ ...query, limit: query.limit + 1 }), query.limit),
    }),
  ]
}
