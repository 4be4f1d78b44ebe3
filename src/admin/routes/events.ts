import { Type } from 'typebox'
import type { OperatorStore } from '../ports.ts'
import { route, type Route } from '../route.ts'
import { anything, closed, instant, listOf, pageOf, pageQuery } from '../shapes.ts'

const event = Type.Object({
  id: Type.String(),
  at: instant,
  directory: Type.Optional(Type.String()),
  actor: Type.String(),
  requestId: Type.Optional(Type.String()),
  action: Type.String(),
  resourceType: Type.String(),
  resourceId: Type.String(),
  detail: anything,
})

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
        ...pageQuery,
        after: Type.Optional(
          Type.String({ pattern: '^\\d{1,18}$', description: 'The `next` of the page before.' }),
        ),
        directory: Type.Optional(Type.String()),
        actor: Type.Optional(Type.String()),
        action: Type.Optional(Type.String()),
        resourceId: Type.Optional(Type.String()),
        since: Type.Optional(instant),
        until: Type.Optional(instant),
      }),
      answer: listOf(event),
      run: async ({ query }) => pageOf(await store.events({ ...query, limit: query.limit + 1 }), query.limit),
    }),
  ]
}
