import { Type } from 'typebox'
import { notFound, Problem } from '../../admin/problem.ts'
import { route, type Route } from '../../admin/route.ts'
import { anything, closed, id, listOf } from '../../admin/shapes.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { ofConnection, requireConnection } from '../connections/route.ts'
import { accountsToDecide, decideListed } from './store.ts'

const mostUndecided = 1_000

export function importRoutes(db: Sql): readonly Route[] {
  return [
    route({
      id: 'listUndecided',
      method: 'GET',
      path: '/connections/:connection/undecided',
      tag: 'inventory',
      role: 'viewer',
      summary: 'Accounts that an import could not place; at most 1,000.',
      params: ofConnection,
      answer: listOf(anything),
      async run({ params }) {
        await requireConnection(db, params.connection)
        return { items: [...(await accountsToDecide(db, params.connection, mostUndecided))] }
      },
    }),
    route({
      id: 'decideAccount',
      method: 'POST',
      path: '/connections/:connection/undecided',
      tag: 'inventory',
      role: 'operator',
      summary: 'What the next import does with an account that has no person.',
      params: ofConnection,
      body: closed({
        vendorAccountId: Type.String({ minLength: 1, maxLength: 500 }),
        decision: Type.Enum(['import', 'link', 'ignore']),
        userId: Type.Optional(id),
      }),
      async run({ params, body, actor }) {
        await requireConnection(db, params.connection)
        if ((body.decision === 'link') !== (body.userId !== undefined))
          throw new Problem(400, 'invalid', 'userId goes with the decision "link", and only with it.')
        if (!(await decideListed(db, params.connection, body, actor))) throw notFound('account in the list')
        return null
      },
    }),
  ]
}
