import { Type } from 'typebox'
import type { Evidence, EvidenceQuery } from './store.ts'
import type { OperatorStore } from '../../model/operator.ts'
import { notFound } from '../../admin/problem.ts'
import { route, type Route } from '../../admin/route.ts'
import { closed, instant, name } from '../../admin/shapes.ts'
import { ndjsonOf } from '../inventory/route.ts'

export type ExportEvidence = (query: EvidenceQuery) => AsyncIterable<Evidence>

export function evidenceRoutes(store: OperatorStore, evidence: ExportEvidence): readonly Route[] {
  return [
    route({
      id: 'exportEvidence',
      method: 'GET',
      path: '/directories/:directory/evidence',
      tag: 'evidence',
      role: 'viewer',
      summary: 'What shows that access has ended: proven shut-outs, oldest first, streamed as NDJSON.',
      params: closed({ directory: name }),
      query: closed({
        userName: Type.Optional(Type.String()),
        from: Type.Optional(instant),
        to: Type.Optional(instant),
      }),
      streams: true,
      async run({ params, query }) {
        const directoryId = await store.directoryId(params.directory)
        if (directoryId === undefined) throw notFound('directory')
        return ndjsonOf(evidence({ directoryId, ...query }))
      },
    }),
  ]
}
