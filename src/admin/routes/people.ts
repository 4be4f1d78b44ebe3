import { Type } from 'typebox'
import type { OperatorStore } from '../ports.ts'
import { Problem } from '../problem.ts'
import { route, type Route } from '../route.ts'
import { anything, closed, id, listOf, name } from '../shapes.ts'
import { account, plain } from './accounts.ts'

const person = Type.Object({
  id,
  directory: Type.String(),
  userName: Type.String(),
  active: Type.Boolean(),
  deleted: Type.Boolean(),
  hold: Type.Optional(anything),
  groups: Type.Array(Type.String()),
  accounts: Type.Array(account),
})

export function peopleRoutes(store: OperatorStore): readonly Route[] {
  return [
    route({
      id: 'readPerson',
      method: 'GET',
      path: '/people/:userName',
      tag: 'people',
      role: 'viewer',
      summary: 'How everybody of this userName stands, at every connection; tombstones too.',
      params: closed({ userName: name }),
      query: closed({ directory: Type.Optional(Type.String()) }),
      answer: listOf(person),
      async run({ params, query }) {
        const found = await store.people(params.userName, query.directory)
        if (found.length === 0)
          throw new Problem(
            404,
            'not-found',
            `Nobody has the userName ${params.userName}, nor had it before.`,
          )
        return {
          items: found.map((each) => ({
            ...each,
            groups: [...each.groups],
            accounts: each.accounts.map(plain),
          })),
        }
      },
    }),
  ]
}
