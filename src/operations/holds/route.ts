import { Type } from 'typebox'
import type { Sql } from '../../store/sql/statement.ts'
import { acceptRisk, heldPeople, holdPerson, releasePerson } from './store.ts'
import { notFound, Problem } from '../../admin/problem.ts'
import { route, type Route } from '../../admin/route.ts'
import { closed, id, instant, listOf } from '../../admin/shapes.ts'

const held = Type.Object({
  userId: id,
  directory: Type.String(),
  userName: Type.String(),
  reason: Type.String(),
  by: Type.String(),
  at: Type.String(),
  until: Type.Optional(Type.String()),
})

const reason = Type.String({ minLength: 1, maxLength: 500 })

interface Deps {
  readonly db: Sql
  /** Accounts became due. */
  readonly wake: () => void
}

export function holdRoutes({ db, wake }: Deps): readonly Route[] {
  return [
    route({
      id: 'listHolds',
      method: 'GET',
      path: '/holds',
      tag: 'holds',
      role: 'viewer',
      summary: 'People whom operators keep shut out.',
      answer: listOf(held),
      run: async () => ({ items: [...(await heldPeople(db))] }),
    }),
    route({
      id: 'holdPerson',
      method: 'PUT',
      path: '/holds/:user',
      tag: 'holds',
      role: 'operator',
      summary: 'Shuts a person out everywhere, even though the directory wants them active.',
      params: closed({ user: id }),
      body: closed({ reason, until: Type.Optional(instant) }),
      async run({ params, body, actor }) {
        if (!(await holdPerson(db, params.user, body, actor))) throw notFound('person')
        wake()
        return null
      },
    }),
    route({
      id: 'releasePerson',
      method: 'DELETE',
      path: '/holds/:user',
      tag: 'holds',
      role: 'operator',
      summary: 'Ends a hold: the directory decides again.',
      params: closed({ user: id }),
      async run({ params, actor }) {
        if (!(await releasePerson(db, params.user, actor))) throw notFound('hold')
        wake()
        return null
      },
    }),
    route({
      id: 'acceptRisk',
      method: 'POST',
      path: '/accounts/:account/accept-risk',
      tag: 'holds',
      role: 'admin',
      summary: 'Accepts that a shut-out that failed for good stays undone.',
      params: closed({ account: id }),
      body: closed({ reason }),
      async run({ params, body, actor }) {
        if (await acceptRisk(db, params.account, body.reason, actor)) return null
        throw new Problem(409, 'no-failed-shut-out', 'This account has no shut-out that failed for good.')
      },
    }),
  ]
}
