import { Type } from 'typebox'
import { route, type Route } from '../../admin/route.ts'
import { anything, closed, id, instant, listOf, pageOf, pageQuery, record } from '../../admin/shapes.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { ofConnection, requireConnection } from '../connections/route.ts'
import { note } from '../connections/store.ts'
import type { Reconciliation } from './runs.ts'
import { type DriftQuery, listDrift, listRuns } from './store.ts'

const kind = Type.Enum(['reconcile', 'import', 'inventory'])

const run = Type.Object({
  id,
  connectionId: id,
  kind,
  state: Type.String(),
  progress: record,
  failure: Type.Optional(Type.String()),
  startedAt: instant,
  finishedAt: Type.Optional(instant),
})

const drift = Type.Object({
  id,
  kind: Type.String(),
  accountId: Type.Optional(id),
  vendorAccountId: Type.Optional(Type.String()),
  login: Type.Optional(Type.String()),
  userName: Type.Optional(Type.String()),
  /** Where it is of a group, and not of an account. */
  group: Type.Optional(
    Type.Object({ vendorGroupId: Type.String(), name: Type.String(), groupId: Type.Optional(id) }),
  ),
  detail: anything,
  foundAt: instant,
})

interface Deps {
  readonly db: Sql
  readonly reconciliation: Pick<Reconciliation, 'request' | 'recovered'>
}

export function reconciliationRoutes(deps: Deps): readonly Route[] {
  const { db, reconciliation } = deps
  return [
    ...runRoutes(deps, { path: 'reconciliation-runs', listId: 'listRuns', startId: 'startRun' }),
    ...runRoutes(deps, { path: 'surveys', listId: 'listSurveys', startId: 'startSurvey', deprecated: true }),
    route({
      id: 'listDrift',
      method: 'GET',
      path: '/connections/:connection/drift',
      tag: 'reconciliation',
      role: 'viewer',
      summary: 'Differences of accounts and groups that the last reconciliation found.',
      params: ofConnection,
      query: closed({ ...pageQuery, after: Type.Optional(id), kind: Type.Optional(Type.String()) }),
      answer: listOf(drift),
      async run({ params, query: { limit, ...query } }) {
        await requireConnection(db, params.connection)
        const asked = { ...query, limit: limit + 1 } as DriftQuery
        return pageOf(await listDrift(db, params.connection, asked), limit)
      },
    }),
    route({
      id: 'recoverConnection',
      method: 'POST',
      path: '/connections/:connection/recovered',
      tag: 'reconciliation',
      role: 'admin',
      summary: 'Lets work go on that waits since the store was restored.',
      params: ofConnection,
      answer: Type.Object({ accounts: Type.Integer() }),
      async run({ params, actor }) {
        await requireConnection(db, params.connection)
        await note(db, params.connection, 'connection.recovery-accepted', actor)
        return { accounts: await reconciliation.recovered(params.connection) }
      },
    }),
  ]
}

interface RunPath {
  readonly path: string
  readonly listId: string
  readonly startId: string
  readonly deprecated?: true
}

function runRoutes(
  { db, reconciliation }: Deps,
  { path, listId, startId, ...deprecated }: RunPath,
): readonly Route[] {
  const of = { path: `/connections/:connection/${path}`, tag: 'reconciliation', ...deprecated }
  return [
    route({
      ...of,
      id: listId,
      method: 'GET',
      role: 'viewer',
      summary: 'Reconciliation, import and live inventory runs: how far they are and what they found.',
      params: ofConnection,
      query: closed({ kind: Type.Optional(kind) }),
      answer: listOf(run),
      async run({ params, query }) {
        await requireConnection(db, params.connection)
        const runs = await listRuns(db, params.connection, query.kind)
        return { items: runs.map(({ progress, ...rest }) => ({ ...rest, progress: { ...progress } })) }
      },
    }),
    route({
      ...of,
      id: startId,
      method: 'POST',
      role: 'operator',
      summary: 'Starts a reconciliation or an import: the vendor’s accounts are listed now.',
      params: ofConnection,
      body: closed({ kind: Type.Enum(['reconcile', 'import']) }),
      answer: Type.Object({ started: Type.Boolean() }),
      status: 202,
      async run({ params, body, actor }) {
        await requireConnection(db, params.connection)
        await note(db, params.connection, 'survey.asked', actor, body)
        return { started: await reconciliation.request(body.kind, params.connection) }
      },
    }),
  ]
}
