import { Type } from 'typebox'
import { roles } from '../../model/operator.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { notFound, Problem } from '../../admin/problem.ts'
import { route, type Route } from '../../admin/route.ts'
import { closed, id, secretSummary, listOf, name } from '../../admin/shapes.ts'
import { draftOf, lifetime } from '../tokens/route.ts'
import { createOperator, operators, revokeOperator } from './store.ts'

const role = Type.Enum([...roles])

const directories = Type.Optional(
  Type.Array(name, {
    minItems: 1,
    maxItems: 1_000,
    description:
      'Directories that the role is good for; without it all, and what concerns the whole gateway.',
  }),
)

const operator = Type.Object({ ...secretSummary, role, directories })

/** Secrets of operators end by themselves, unless something else is said. */
const usualLifetimeSeconds = 365 * 86_400

/** Who may use this API. */
export function operatorRoutes(db: Sql): readonly Route[] {
  return [...listing(db), ...changing(db)]
}

function listing(db: Sql): readonly Route[] {
  return [
    route({
      id: 'whoAmI',
      method: 'GET',
      path: '/whoami',
      tag: 'operators',
      role: 'viewer',
      summary: 'The operator that this token stands for.',
      scope: 'any',
      answer: Type.Object({ name, role, directories }),
      run: async ({ operator: { directories: only, ...self } }) => ({
        ...self,
        ...(only ? { directories: [...only] } : {}),
      }),
    }),
    route({
      id: 'listOperators',
      method: 'GET',
      path: '/operators',
      tag: 'operators',
      role: 'admin',
      summary: 'All operators: role, hint, expiry, last use.',
      answer: listOf(operator),
      run: async () => ({
        items: (await operators(db)).map((each) => ({
          ...each,
          ...(each.directories ? { directories: [...each.directories] } : {}),
        })) as never,
      }),
    }),
  ]
}

function changing(db: Sql): readonly Route[] {
  return [
    route({
      id: 'createOperator',
      method: 'POST',
      path: '/operators',
      tag: 'operators',
      role: 'admin',
      summary: 'Creates an operator; the secret is in this answer only.',
      body: closed({
        name: Type.String({ pattern: '^[A-Za-z0-9._@-]{1,100}$' }),
        role,
        directories,
        expiresInSeconds: lifetime,
      }),
      answer: Type.Object({ ...operator.properties, secret: Type.String() }),
      status: 201,
      async run({ body, actor }) {
        const draft = draftOf(body.name, body.expiresInSeconds ?? usualLifetimeSeconds, 'operator')
        const made = await createOperator(
          db,
          { ...draft, role: body.role, directories: body.directories },
          actor,
        )
        if (!made) {
          throw new Problem(
            409,
            'name-taken',
            `An operator called ${body.name} exists or existed. Choose another name.`,
          )
        }
        return { ...made, secret: draft.secret } as never
      },
    }),
    route({
      id: 'revokeOperator',
      method: 'DELETE',
      path: '/operators/:operator',
      tag: 'operators',
      role: 'admin',
      summary: 'Revokes the secret of an operator at once.',
      params: closed({ operator: id }),
      async run({ params, actor }) {
        if (!(await revokeOperator(db, params.operator, actor))) throw notFound('live operator')
        return null
      },
    }),
  ]
}
