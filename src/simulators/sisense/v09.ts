import type { FastifyInstance } from 'fastify'
import { actorOf, demandAdmin, isAdmin } from './access.ts'
import { noSuchUser, page, type Paging, Refusal } from './answers.ts'
import { demandGroupName } from './group-changes.ts'
import { asV09 } from './present.ts'
import type { SimGroup, SimUser } from './model.ts'
import type { SisenseState } from './state/state.ts'
import { passwordOf } from './users.ts'
import { checked, type UserBody } from './validate.ts'

interface Named {
  readonly id: string
}

/** The routes of v0.9, directly below `/api`: they take names in place of ids. */
export function v09Routes(app: FastifyInstance, state: SisenseState): void {
  const { users, groups, toggles } = state
  app.addHook('preHandler', async () => {
    if (!toggles.v09) throw new Refusal(404, 0, 'Not found')
  })
  const userOf = (name: string): SimUser => {
    const user = users.get(name) ?? state.user(name)
    if (!user) throw noSuchUser()
    return user
  }
  const groupOf = (name: string): SimGroup => {
    const group = groups.get(name) ?? [...groups.values()].find((each) => each.name === name)
    if (!group) throw new Refusal(404, 0, 'Group not found')
    return group
  }

  app.get('/users/loggedin', async (request) => asV09(state, actorOf(request, state)))

  app.get('/users', async (request) => {
    const actor = actorOf(request, state)
    const { search = '', ...paging } = request.query as Paging & { readonly search?: string }
    const found = [...users.values()]
      .filter((user) => isAdmin(actor, state) || user === actor)
      .filter(({ userName, email, firstName, lastName }) =>
        [userName, email, firstName, lastName].some((each) =>
          each.toLowerCase().includes(search.toLowerCase()),
        ),
      )
    return page(state, found, paging).map((user) => asV09(state, user))
  })

  app.get('/users/:id', async (request) => {
    demandAdmin(request, state)
    return asV09(state, userOf((request.params as Named).id))
  })

  app.post('/users', async (request, reply) => {
    demandAdmin(request, state)
    if (!Array.isArray(request.body)) throw new Refusal(400, 2002, 'Body is not an array')
    const notify = (request.query as { readonly notify?: string }).notify !== 'false'
    const made = (request.body as readonly UserBody[]).map((body) =>
      state.register({ ...checked(state, body), ...passwordOf(body) }, notify),
    )
    return reply.code(201).send(made.map((user) => asV09(state, user)))
  })

  app.put('/groups/:id', async (request) => {
    demandAdmin(request, state)
    const group = groupOf((request.params as Named).id)
    group.name = demandGroupName(state, (request.body as { readonly name?: unknown }).name, group)
    return [1, { n: 1, nModified: 1, ok: 1 }]
  })

  app.get('/groups/:id/users', async (request) => {
    demandAdmin(request, state)
    const { _id } = groupOf((request.params as Named).id)
    return [...users.values()].filter((user) => user.groups.includes(_id)).map((user) => user._id)
  })

  for (const method of ['POST', 'DELETE'] as const) {
    // A DELETE has a body here.
    app.route({
      method,
      url: '/groups/:id/users',
      handler: async (request) => {
        demandAdmin(request, state)
        const { _id, everyone } = groupOf((request.params as Named).id)
        const members = (request.body as readonly string[]).map(userOf)
        if (everyone) throw new Refusal(400, 0, 'Everyone is in this group')
        for (const user of members) {
          user.groups = user.groups.filter((id) => id !== _id)
          if (method === 'POST') user.groups.push(_id)
        }
        return members.map((user) => user._id)
      },
    })
  }
}
