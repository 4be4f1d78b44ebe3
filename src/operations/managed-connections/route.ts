import { Type } from 'typebox'
import { requireMatch } from '../../admin/plugin.ts'
import { notFound } from '../../admin/problem.ts'
import { route, type Route } from '../../admin/route.ts'
import { closed, name, record } from '../../admin/shapes.ts'
import {
  createConnection,
  detachConnection,
  type EditingDeps,
  enableConnection,
  replaceCredentials,
  updateConnection,
} from './editing.ts'
import { connection, ofConnection, plain, requireConnection } from '../connections/route.ts'

const unchecked = closed({
  force: Type.Boolean({
    default: false,
    description: 'Save it without asking the vendor whether it works.',
  }),
})
const open = { additionalProperties: true } as const
const asInFile = 'The rest as a connection in a configuration file; ${NAME} and file:/path are not replaced.'

interface Deps extends EditingDeps {
  /** Accounts became due. */
  readonly wake: () => void
}

/** Connections that operators make; those of a file are refused with `CONNECTION_FROM_FILE`. */
export function managedConnectionRoutes(deps: Deps): readonly Route[] {
  return [creating(deps), ...rewriting(deps), ...standing(deps)]
}

function creating(deps: Deps): Route {
  return route({
    id: 'createConnection',
    method: 'POST',
    path: '/connections',
    tag: 'connections',
    role: 'admin',
    summary:
      'Creates a connection, disabled until it is checked and enabled. Its credentials are stored sealed and never shown.',
    body: Type.Object(
      { directory: name, name, vendor: Type.String(), credentials: record },
      { ...open, description: asInFile },
    ),
    answer: connection,
    status: 201,
    async run({ body, actor }) {
      const made = await createConnection(deps, body, actor)
      if (made === undefined) throw notFound('directory')
      return plain(await requireConnection(deps.db, made))
    },
  })
}

function rewriting(deps: Deps): readonly Route[] {
  return [
    route({
      id: 'updateConnection',
      method: 'PUT',
      path: '/connections/:connection',
      tag: 'connections',
      role: 'admin',
      summary:
        'Changes the settings and policies of a connection that was created here; its credentials stay unless new ones are sent. If it is enabled, the vendor is asked first.',
      params: ofConnection,
      query: unchecked,
      body: Type.Object(
        { vendor: Type.String(), credentials: Type.Optional(record) },
        { ...open, description: asInFile },
      ),
      answer: connection,
      async run({ params, query, body, actor, ifMatch }) {
        const seen = await requireConnection(deps.db, params.connection)
        requireMatch(ifMatch, plain(seen))
        await updateConnection(
          deps,
          params.connection,
          { revision: seen.revision, draft: body, force: query.force },
          actor,
        )
        return plain(await requireConnection(deps.db, params.connection))
      },
    }),
    route({
      id: 'changeCredentials',
      method: 'PUT',
      path: '/connections/:connection/credentials',
      tag: 'connections',
      role: 'admin',
      summary:
        'Replaces the credentials of a connection that was created here; a parked one resumes. If it is enabled, the vendor is asked first.',
      params: ofConnection,
      query: unchecked,
      body: record,
      answer: connection,
      async run({ params, query, body, actor, ifMatch }) {
        requireMatch(ifMatch, plain(await requireConnection(deps.db, params.connection)))
        await replaceCredentials(deps, params.connection, { credentials: body, force: query.force }, actor)
        return plain(await requireConnection(deps.db, params.connection))
      },
    }),
  ]
}

function standing(deps: Deps): readonly Route[] {
  return [
    route({
      id: 'enableConnection',
      method: 'POST',
      path: '/connections/:connection/enable',
      tag: 'connections',
      role: 'admin',
      summary: 'Enables a checked connection: everybody in its directory is admitted there.',
      params: ofConnection,
      answer: Type.Object({ people: Type.Integer() }),
      async run({ params, actor, ifMatch }) {
        requireMatch(ifMatch, plain(await requireConnection(deps.db, params.connection)))
        const people = await enableConnection(deps, params.connection, actor)
        deps.wake()
        return { people }
      },
    }),
    route({
      id: 'detachConnection',
      method: 'POST',
      path: '/connections/:connection/detach',
      tag: 'connections',
      role: 'admin',
      summary:
        'Stops managing a connection that was created here, without a vendor call; `abandon`: although shut-outs are unproven.',
      params: ofConnection,
      body: closed({ abandon: Type.Boolean({ default: false }) }),
      answer: Type.Object({
        path: Type.String(),
        linked: Type.Integer(),
        abandoned: Type.Array(Type.String()),
      }),
      async run({ params, body, actor }) {
        await requireConnection(deps.db, params.connection)
        const detached = await detachConnection(deps, params.connection, body.abandon, actor)
        if (!detached) throw notFound('connection')
        return { ...detached, abandoned: [...detached.abandoned] }
      },
    }),
  ]
}
