import { Type } from 'typebox'
import { notFound } from '../../admin/problem.ts'
import { route, type Route } from '../../admin/route.ts'
import { anything, closed, listOf, name, record } from '../../admin/shapes.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { ofConnection } from '../connections/route.ts'
import { explainPerson } from './explain.ts'
import { effectOfRules } from './rule-change.ts'

const groups = Type.Array(Type.String(), { default: [], maxItems: 100 })

export function explainRoutes(db: Sql): readonly Route[] {
  return [
    route({
      id: 'explainPerson',
      method: 'POST',
      path: '/people/:userName/explanation',
      tag: 'people',
      role: 'viewer',
      summary:
        'Why a person has the access they have; "without" and "with" suppose other groups. Nothing is changed.',
      params: closed({ userName: name }),
      body: closed({
        directory: Type.Optional(Type.String()),
        connection: Type.Optional(Type.String()),
        without: groups,
        with: groups,
      }),
      answer: listOf(anything),
      async run({ params, body }) {
        const { without, with: added, ...where } = body
        const whatIf = without.length + added.length > 0 ? { whatIf: { without, with: added } } : {}
        const items = await explainPerson(db, { userName: params.userName, ...where, ...whatIf })
        return { items: [...items] }
      },
    }),
    route({
      id: 'previewRules',
      method: 'POST',
      path: '/connections/:connection/rules/effect',
      tag: 'plans',
      role: 'viewer',
      summary: 'What changed rules would do to everybody of a connection. Nothing is changed.',
      params: ofConnection,
      body: closed({
        rules: Type.Optional(Type.Array(record)),
        default: Type.Optional(record),
        exclusive: Type.Optional(Type.Boolean()),
        people: Type.Optional(Type.Enum(['assigned', 'mapped'])),
      }),
      answer: record,
      async run({ params, body }) {
        const effect = await effectOfRules(db, params.connection, body)
        if (!effect) throw notFound('connection')
        return { ...effect }
      },
    }),
  ]
}
