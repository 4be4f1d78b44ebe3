import { Type } from 'typebox'
import { requireMatch } from '../../admin/plugin.ts'
import type { Change, OperatorStore } from '../../model/operator.ts'
import { notFound } from '../../admin/problem.ts'
import { route, type Route } from '../../admin/route.ts'
import { closed, listOf, name, record } from '../../admin/shapes.ts'
import { connection, known, ofConnection, plain } from '../connections/route.ts'

type Raw = Readonly<Record<string, unknown>>

/** Changes connections that operators make; those from a file are refused with `CONNECTION_FROM_FILE`. */
export interface ConnectionEditing {
  /** Gives its id; undefined when there is no such directory. */
  create(
    draft: Raw & { readonly directory: string; readonly name: string },
    by: Change,
  ): Promise<string | undefined>
  /**
   * Without `credentials` those that are kept stay. Where the connection is enabled the vendor is asked first whether it works
   * with what is new, unless it is forced; rejects with a `Problem` when it does not.
   */
  update(connectionId: string, revision: number, draft: Raw, force: boolean, by: Change): Promise<void>
  /** Asks the vendor first like `update`. */
  credentials(connectionId: string, credentials: Raw, force: boolean, by: Change): Promise<void>
  /** Answers how many people are to be admitted. */
  enable(connectionId: string, by: Change): Promise<number>
  detach(connectionId: string, abandon: boolean, by: Change): Promise<DetachedView | undefined>
  keys(): Promise<readonly KeyView[]>
  /** Answers how many connections were sealed anew. Rejects with `KEY_NOT_EVERYWHERE`, unless it is forced. */
  rotateKeys(force: boolean, by: Change): Promise<number>
}

interface DetachedView {
  readonly path: string
  readonly linked: number
  readonly abandoned: readonly string[]
}

interface KeyView {
  readonly id: string
  /** This process can open what is sealed with it. */
  readonly held: boolean
  /** What is sealed from now on is sealed with it. */
  readonly seals: boolean
  readonly connections: number
  /** Processes that live and do not hold it. */
  readonly processesWithout: number
}

const forced = (description: string) => closed({ force: Type.Boolean({ default: false, description }) })
const unchecked = forced('Saved although the vendor was not asked whether it works.')
const open = { additionalProperties: true } as const
const asInFile = 'The rest as a connection in a configuration file; ${NAME} and file:/path are not replaced.'

interface Parts {
  readonly store: OperatorStore
  readonly editing: ConnectionEditing
  readonly wake: () => void
}

export function editingRoutes(parts: Parts): readonly Route[] {
  return [...writing(parts), ...standing(parts), ...keyRoutes(parts)]
}

function writing(parts: Parts): readonly Route[] {
  return [creating(parts), ...rewriting(parts)]
}

function creating({ store, editing }: Parts): Route {
  return route({
    id: 'createConnection',
    method: 'POST',
    path: '/connections',
    tag: 'connections',
    role: 'admin',
    summary:
      'A new connection, disabled until it is checked and enabled. Its credentials are kept sealed and never shown.',
    body: Type.Object(
      { directory: name, name, vendor: Type.String(), credentials: record },
      { ...open, description: asInFile },
    ),
    answer: connection,
    status: 201,
    async run({ body, by }) {
      const made = await editing.create(body, by)
      if (made === undefined) throw notFound('directory')
      return plain(await known(store, made))
    },
  })
}

function rewriting({ store, editing }: Parts): readonly Route[] {
  return [
    route({
      id: 'updateConnection',
      method: 'PUT',
      path: '/connections/:connection',
      tag: 'connections',
      role: 'admin',
      summary:
        'Other settings and policies of a connection that was made here; without credentials those kept stay. An enabled one is checked with them first.',
      params: ofConnection,
      query: unchecked,
      body: Type.Object(
        { vendor: Type.String(), credentials: Type.Optional(record) },
        { ...open, description: asInFile },
      ),
      answer: connection,
      async run({ params, query, body, by, ifMatch }) {
        const seen = await known(store, params.connection)
        requireMatch(ifMatch, plain(seen))
        await editing.update(params.connection, seen.revision, body, query.force, by)
        return plain(await known(store, params.connection))
      },
    }),
    route({
      id: 'changeCredentials',
      method: 'PUT',
      path: '/connections/:connection/credentials',
      tag: 'connections',
      role: 'admin',
      summary:
        'Other credentials of a connection that was made here; a parked one works again. An enabled one is checked with them first.',
      params: ofConnection,
      query: unchecked,
      body: record,
      answer: connection,
      async run({ params, query, body, by, ifMatch }) {
        requireMatch(ifMatch, plain(await known(store, params.connection)))
        await editing.credentials(params.connection, body, query.force, by)
        return plain(await known(store, params.connection))
      },
    }),
  ]
}

function standing({ store, editing, wake }: Parts): readonly Route[] {
  return [
    route({
      id: 'enableConnection',
      method: 'POST',
      path: '/connections/:connection/enable',
      tag: 'connections',
      role: 'admin',
      summary: 'Lets a checked connection work: everybody of its directory is admitted there.',
      params: ofConnection,
      answer: Type.Object({ people: Type.Integer() }),
      async run({ params, by, ifMatch }) {
        requireMatch(ifMatch, plain(await known(store, params.connection)))
        const people = await editing.enable(params.connection, by)
        wake()
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
        'Lets go of a connection that was made here, without a vendor call; `abandon`: although shut-outs are unproven.',
      params: ofConnection,
      body: closed({ abandon: Type.Boolean({ default: false }) }),
      answer: Type.Object({
        path: Type.String(),
        linked: Type.Integer(),
        abandoned: Type.Array(Type.String()),
      }),
      async run({ params, body, by }) {
        await known(store, params.connection)
        const detached = await editing.detach(params.connection, body.abandon, by)
        if (!detached) throw notFound('connection')
        return { ...detached, abandoned: [...detached.abandoned] }
      },
    }),
  ]
}

function keyRoutes({ editing }: Parts): readonly Route[] {
  const key = Type.Object({
    id: Type.String(),
    held: Type.Boolean(),
    seals: Type.Boolean(),
    connections: Type.Integer(),
    processesWithout: Type.Integer(),
  })
  return [
    route({
      id: 'listKeys',
      method: 'GET',
      path: '/keys',
      tag: 'keys',
      role: 'admin',
      summary:
        'Ids of the master keys that this process holds or that are in use: how many connections are sealed with each, how many processes lack it.',
      answer: listOf(key),
      run: async () => ({ items: [...(await editing.keys())] }),
    }),
    route({
      id: 'rotateKeys',
      method: 'POST',
      path: '/keys/rotate',
      tag: 'keys',
      role: 'admin',
      summary:
        'Seals everything that is kept under the first master key; gateways go on meanwhile. Refused while a process lives that does not hold it.',
      query: forced('Although a process that lives does not hold the key, and could not be started again.'),
      answer: Type.Object({ connections: Type.Integer() }),
      run: async ({ query, by }) => ({ connections: await editing.rotateKeys(query.force, by) }),
    }),
  ]
}
