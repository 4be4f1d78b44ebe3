import { Type } from 'typebox'
import type { NoticeKind } from '../../model/notice.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { route, type Route } from '../../admin/route.ts'
import { closed, id, instant, listOf, record } from '../../admin/shapes.ts'
import { listNotices } from './store.ts'

const notice = Type.Object({
  id,
  kind: Type.String(),
  directory: Type.Optional(Type.String()),
  connection: Type.Optional(Type.String()),
  connectionId: Type.Optional(id),
  subject: Type.Optional(Type.String()),
  text: Type.String(),
  detail: Type.Optional(record),
  count: Type.Integer(),
  firstAt: instant,
  lastAt: instant,
  resolvedAt: Type.Optional(instant),
})

export function noticeRoutes(db: Sql): readonly Route[] {
  return [
    route({
      id: 'listNotices',
      method: 'GET',
      path: '/notices',
      tag: 'notices',
      role: 'viewer',
      summary: 'What needs attention, latest first.',
      query: closed({
        limit: Type.Integer({ minimum: 1, maximum: 500, default: 100 }),
        open: Type.Optional(Type.Boolean()),
        kind: Type.Optional(Type.String()),
        connection: Type.Optional(id),
      }),
      answer: listOf(notice),
      async run({ query: { limit, open, kind, connection } }) {
        const found = await listNotices(db, {
          limit,
          ...(open === undefined ? {} : { open }),
          ...(kind === undefined ? {} : { kind: kind as NoticeKind }),
          ...(connection === undefined ? {} : { connectionId: connection }),
        })
        return {
          items: found.map(({ detail, ...rest }) => ({
            ...rest,
            ...(detail ? { detail: { ...detail } } : {}),
          })),
        }
      },
    }),
  ]
}
