import { Type } from 'typebox'
import { Problem } from '../../admin/problem.ts'
import { ndjsonOf, route, type Route } from '../../admin/route.ts'
import { anything, closed, id, instant, listOf, pageOf, pageQuery } from '../../admin/shapes.ts'
import type { Notices } from '../../model/notice.ts'
import type { Connections } from '../../provisioning/connections.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { ofConnection, requireConnection } from '../connections/route.ts'
import { resolveDecided } from './plans.ts'
import { previewLines } from './preview.ts'
import { decidePlans, listPlans, type PlanChoice, type RecordedPlan } from './store.ts'

const plan = Type.Object({
  id,
  accountId: id,
  connectionId: id,
  userName: Type.String(),
  requestId: Type.Optional(Type.String()),
  state: Type.String(),
  reason: Type.String(),
  batch: Type.Optional(Type.String()),
  hash: Type.String(),
  operations: Type.Array(anything),
  words: Type.Object({ login: Type.String(), lines: Type.Array(Type.String()) }),
  createdAt: instant,
  decidedAt: Type.Optional(instant),
  decidedBy: Type.Optional(Type.String()),
})

const choice = closed({
  ids: Type.Optional(Type.Array(id, { minItems: 1, maxItems: 1_000 })),
  batch: Type.Optional(Type.String({ minLength: 1 })),
  all: Type.Optional(Type.Literal(true)),
})

interface Deps {
  readonly db: Sql
  /** Accounts became due. */
  readonly wake: () => void
  /** Absent where the store is opened alone. */
  readonly notices?: Notices | undefined
}

export function planRoutes({ db, wake, notices }: Deps): readonly Route[] {
  const decision = (operationId: string, path: string, how: 'approved' | 'rejected', summary: string) =>
    route({
      id: operationId,
      method: 'POST',
      path: `/connections/:connection/plans/${path}`,
      tag: 'plans',
      role: 'operator',
      summary,
      params: ofConnection,
      body: choice,
      answer: Type.Object({ decided: Type.Integer() }),
      async run({ params, body, actor }) {
        await requireConnection(db, params.connection)
        const decided = await decidePlans(db, params.connection, choiceOf(body), how, actor)
        if (notices) await resolveDecided(db, notices, params.connection)
        wake()
        return { decided }
      },
    })
  return [
    route({
      id: 'listPlans',
      method: 'GET',
      path: '/connections/:connection/plans',
      tag: 'plans',
      role: 'viewer',
      summary: 'Plans that wait or were only recorded, in words and as operations.',
      params: ofConnection,
      query: closed({
        ...pageQuery,
        after: Type.Optional(id),
        state: Type.Optional(Type.Enum(['recorded', 'waiting', 'approved', 'rejected'])),
        reason: Type.Optional(Type.Enum(['shadow', 'approve', 'guard', 'admission', 'hold'])),
        batch: Type.Optional(Type.String()),
      }),
      answer: listOf(plan),
      async run({ params, query: { state, limit, ...query } }) {
        await requireConnection(db, params.connection)
        const asked = { ...query, ...(state ? { states: [state] } : {}), limit: limit + 1 }
        return pageOf((await listPlans(db, params.connection, asked)).map(plain), limit)
      },
    }),
    decision(
      'approvePlans',
      'approve',
      'approved',
      'Approves plans: those named, a batch, or all that wait.',
    ),
    decision('rejectPlans', 'reject', 'rejected', 'Rejects plans; a plan that differs waits again.'),
  ]
}

/** Exactly one way of naming them. */
function choiceOf(body: { ids?: string[]; batch?: string; all?: true }): PlanChoice {
  const { ids, batch, all } = body
  if ([ids, batch, all].filter((each) => each !== undefined).length === 1) {
    if (ids) return { ids }
    if (batch !== undefined) return { batch }
    return { all: true }
  }
  throw new Problem(400, 'invalid', 'Give exactly one of ids, batch and all.')
}

const plain = ({ operations, words, ...rest }: RecordedPlan) => ({
  ...rest,
  operations: [...operations],
  words: { login: words.login, lines: [...words.lines] },
})

interface PreviewDeps {
  readonly db: Sql
  readonly connections: Connections
}

export function previewRoutes({ db, connections }: PreviewDeps): readonly Route[] {
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
        await requireConnection(db, params.connection)
        return ndjsonOf(previewLines({ db, connections, now: Date.now }, params.connection, query))
      },
    }),
  ]
}
