import { Type } from 'typebox'
import type { Sql } from '../../store/sql/statement.ts'
import { directoryId as directoryIdOf } from '../connections/store.ts'
import { exportEvidence, isKnownPerson } from './store.ts'
import { notFound, Problem } from '../../admin/problem.ts'
import { ndjsonOf, route, type Route } from '../../admin/route.ts'
import { closed, instant, name } from '../../admin/shapes.ts'

export function evidenceRoutes(db: Sql): readonly Route[] {
  return [
    route({
      id: 'exportEvidence',
      method: 'GET',
      path: '/directories/:directory/evidence',
      tag: 'evidence',
      role: 'viewer',
      summary: 'Evidence that access has ended: proven shut-outs, oldest first, streamed as NDJSON.',
      params: closed({ directory: name }),
      query: closed({
        userName: Type.Optional(Type.String()),
        from: Type.Optional(instant),
        to: Type.Optional(instant),
      }),
      streams: true,
      async run({ params, query }) {
        const directoryId = await directoryIdOf(db, params.directory)
        if (directoryId === undefined) throw notFound('directory')
        const { userName } = query
        if (userName !== undefined && !(await isKnownPerson(db, directoryId, userName)))
          throw new Problem(
            404,
            'not-found',
            `Directory ${params.directory} has no User ${userName}, not even one who was deleted: there is no evidence of them.`,
          )
        return ndjsonOf(exportEvidence(db, { directoryId, ...query }))
      },
    }),
  ]
}
