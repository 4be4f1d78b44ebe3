import { Type } from 'typebox'
import type { OperatorStore } from '../../model/operator.ts'
import { route, type Route } from '../../admin/route.ts'
import { anything, closed, id, instant, listOf, pageOf, pageQuery, record } from '../../admin/shapes.ts'
import { known, ofConnection } from '../connections/route.ts'
import type { DriftQuery, Survey, SurveyKind, SurveyStore } from '../../model/reconciliation.ts'

export interface SurveyActions extends Pick<SurveyStore, 'surveys' | 'drifts'> {
  /** Lets work go on that waits since the store was restored; answers how many accounts are due. */
  recovered(connectionId: string): Promise<number>
  /** Has a vendor's list walked; false when a walk of this kind waits or runs already. */
  start(connectionId: string, kind: Exclude<SurveyKind, 'inventory'>): Promise<boolean>
}

const kind = Type.Enum(['reconcile', 'import', 'inventory'])

const survey = Type.Object({
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

interface Parts {
  readonly store: OperatorStore
  readonly surveys: SurveyActions
}

export function surveyRoutes(parts: Parts): readonly Route[] {
  return [...reading(parts), ...asking(parts)]
}

function reading({ store, surveys }: Parts): readonly Route[] {
  return [
    route({
      id: 'listSurveys',
      method: 'GET',
      path: '/connections/:connection/surveys',
      tag: 'surveys',
      role: 'viewer',
      summary: 'Walks through the vendor’s list: how far they are, what they found.',
      params: ofConnection,
      query: closed({ kind: Type.Optional(kind) }),
      answer: listOf(survey),
      async run({ params, query }) {
        await known(store, params.connection)
        return { items: (await surveys.surveys(params.connection, query.kind)).map(plain) }
      },
    }),
    route({
      id: 'listDrift',
      method: 'GET',
      path: '/connections/:connection/drift',
      tag: 'surveys',
      role: 'viewer',
      summary: 'Differences of accounts and groups that the last reconciliation found.',
      params: ofConnection,
      query: closed({ ...pageQuery, after: Type.Optional(id), kind: Type.Optional(Type.String()) }),
      answer: listOf(drift),
      async run({ params, query: { limit, ...query } }) {
        await known(store, params.connection)
        const asked = { ...query, limit: limit + 1 } as DriftQuery
        return pageOf(await surveys.drifts(params.connection, asked), limit)
      },
    }),
  ]
}

function asking({ store, surveys }: Parts): readonly Route[] {
  return [
    route({
      id: 'startSurvey',
      method: 'POST',
      path: '/connections/:connection/surveys',
      tag: 'surveys',
      role: 'operator',
      summary: 'Has the vendor’s list walked now: reconciliation or import.',
      params: ofConnection,
      body: closed({ kind: Type.Enum(['reconcile', 'import']) }),
      answer: Type.Object({ started: Type.Boolean() }),
      status: 202,
      async run({ params, body, by }) {
        await known(store, params.connection)
        await store.note(params.connection, 'survey.asked', by, body)
        return { started: await surveys.start(params.connection, body.kind) }
      },
    }),
    route({
      id: 'recoverConnection',
      method: 'POST',
      path: '/connections/:connection/recovered',
      tag: 'surveys',
      role: 'admin',
      summary: 'Lets work go on that waits since the store was restored.',
      params: ofConnection,
      answer: Type.Object({ accounts: Type.Integer() }),
      async run({ params, by }) {
        await known(store, params.connection)
        await store.note(params.connection, 'connection.recovery-accepted', by)
        return { accounts: await surveys.recovered(params.connection) }
      },
    }),
  ]
}

const plain = ({ progress, ...rest }: Survey) => ({ ...rest, progress: { ...progress } })
