import { Type } from 'typebox'
import { requireMatch } from '../../admin/plugin.ts'
import { notFound } from '../../admin/problem.ts'
import { route, type Route } from '../../admin/route.ts'
import { anything, closed, id, instant, listOf, name, record } from '../../admin/shapes.ts'
import { credentialsSchema, settingsSchema } from '../../config/vendor-settings.ts'
import type { LiveConnections } from '../../provisioning/connections.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { vendors } from '../../vendors/registry.ts'
import { checkConnection } from './check.ts'
import {
  catalogue,
  connection as readConnection,
  connections,
  type ConnectionView,
  directories,
  retryConnection,
  standing as readStanding,
  unpark,
} from './store.ts'

/** A field of a vendor's replies that is not as documented. */
const replyDeviation = Type.Object({
  route: Type.String(),
  field: Type.String(),
  count: Type.Integer(),
  since: instant,
  lastAt: instant,
})

export const connection = Type.Object({
  id,
  directory: Type.String(),
  name,
  vendor: Type.String(),
  mode: Type.String(),
  apiProfile: Type.String(),
  resolvedProfile: Type.Optional(Type.String()),
  tenantId: Type.Optional(Type.String()),
  settings: record,
  policy: record,
  revision: Type.Integer(),
  source: Type.String(),
  status: Type.String(),
  parkedAt: Type.Optional(instant),
  parkedReason: Type.Optional(record),
  pauses: Type.Record(Type.String(), Type.String()),
  catalogueFetchedAt: Type.Optional(instant),
  configuration: Type.Optional(record),
  checkedAt: Type.Optional(instant),
  credentialsEndAt: Type.Optional(instant),
  replyDeviations: Type.Array(replyDeviation),
  createdAt: instant,
})

const standing = Type.Object({
  id,
  directory: Type.String(),
  name,
  vendor: Type.String(),
  mode: Type.String(),
  status: Type.String(),
  accounts: Type.Integer(),
  proven: Type.Integer(),
  pending: Type.Integer(),
  failed: Type.Integer(),
  unmanaged: Type.Integer(),
  leavers: Type.Integer(),
  oldestLeaverAt: Type.Optional(instant),
  due: Type.Integer(),
  unserved: Type.Integer(),
  plansWaiting: Type.Integer(),
  credentialsEndAt: Type.Optional(instant),
  replyDeviations: Type.Array(replyDeviation),
})

const entitlement = Type.Object({
  kind: Type.String(),
  id: Type.String(),
  name: Type.String(),
  privileged: Type.Boolean(),
  scope: Type.Optional(
    Type.Object({ level: Type.String(), id: Type.String(), name: Type.Optional(Type.String()) }),
  ),
})

export const ofConnection = closed({ connection: id })

interface Deps {
  readonly db: Sql
  /** Accounts became due. */
  readonly wake: () => void
  /** Absent where the store is opened alone: nobody asks vendors. */
  readonly connections?: LiveConnections | undefined
}

export function connectionRoutes(deps: Deps): readonly Route[] {
  return [
    ...reading(deps.db),
    ...changing(deps),
    ...(deps.connections ? asking(deps.db, deps.connections) : []),
  ]
}

function reading(db: Sql): readonly Route[] {
  return [
    route({
      id: 'readStatus',
      method: 'GET',
      path: '/status',
      tag: 'connections',
      role: 'viewer',
      summary: 'What is pending at each connection.',
      answer: listOf(standing),
      run: async () => ({ items: [...(await readStanding(db))] }),
    }),
    route({
      id: 'listConnections',
      method: 'GET',
      path: '/connections',
      tag: 'connections',
      role: 'viewer',
      summary: 'Connections; no credentials.',
      query: closed({ directory: Type.Optional(Type.String()), name: Type.Optional(Type.String()) }),
      answer: listOf(connection),
      run: async ({ query }) => ({ items: (await connections(db, query)).map(plain) }),
    }),
    route({
      id: 'readConnection',
      method: 'GET',
      path: '/connections/:connection',
      tag: 'connections',
      role: 'viewer',
      summary: 'One connection: status, pauses, why it is parked.',
      params: ofConnection,
      answer: connection,
      run: async ({ params }) => plain(await requireConnection(db, params.connection)),
    }),
    route({
      id: 'readCatalogue',
      method: 'GET',
      path: '/connections/:connection/catalogue',
      tag: 'connections',
      role: 'viewer',
      summary: 'What the tenant of the connection offers, as last fetched.',
      params: ofConnection,
      answer: listOf(entitlement),
      async run({ params }) {
        await requireConnection(db, params.connection)
        return { items: [...(await catalogue(db, params.connection))] }
      },
    }),
  ]
}

function changing({ db, wake }: Deps): readonly Route[] {
  return [
    route({
      id: 'unparkConnection',
      method: 'POST',
      path: '/connections/:connection/unpark',
      tag: 'connections',
      role: 'operator',
      summary: 'Resumes a parked connection, once its credentials have been fixed at the vendor.',
      params: ofConnection,
      answer: connection,
      async run({ params, actor, ifMatch }) {
        requireMatch(ifMatch, plain(await requireConnection(db, params.connection)))
        await unpark(db, params.connection, actor)
        wake()
        return plain(await requireConnection(db, params.connection))
      },
    }),
    route({
      id: 'retryConnection',
      method: 'POST',
      path: '/connections/:connection/retry',
      tag: 'connections',
      role: 'operator',
      summary: 'Retries everything unproven at the connection now.',
      params: ofConnection,
      answer: Type.Object({ accounts: Type.Integer() }),
      async run({ params, actor }) {
        await requireConnection(db, params.connection)
        const accounts = await retryConnection(db, params.connection, actor)
        wake()
        return { accounts }
      },
    }),
  ]
}

function asking(db: Sql, connections: LiveConnections): readonly Route[] {
  return [
    route({
      id: 'listVendors',
      method: 'GET',
      path: '/vendors',
      tag: 'connections',
      role: 'viewer',
      scope: 'any',
      summary: 'Vendors with the JSON Schemas of their settings and credentials.',
      answer: listOf(
        Type.Object({
          id: Type.String(),
          name,
          profiles: Type.Array(Type.String()),
          scopes: Type.Array(Type.String()),
          settings: anything,
          credentials: anything,
        }),
      ),
      run: async () => ({
        items: vendors.map((vendor) => ({
          id: vendor.id,
          name: vendor.name,
          profiles: [...vendor.profiles],
          scopes: [...vendor.scopes],
          settings: settingsSchema(vendor),
          credentials: credentialsSchema(vendor),
        })),
      }),
    }),
    route({
      id: 'checkConnection',
      method: 'POST',
      path: '/connections/:connection/check',
      tag: 'connections',
      role: 'operator',
      summary:
        'Asks the vendor whether the connection works; nothing is changed there. One that was created here can then be enabled.',
      params: ofConnection,
      answer: Type.Object({
        profile: Type.Optional(Type.String()),
        tenant: Type.String(),
        ownAccountId: Type.Optional(Type.String()),
        catalogue: Type.Integer(),
        credentialsEndAt: Type.Optional(instant),
      }),
      async run({ params, actor }) {
        const checked = await checkConnection(db, connections, params.connection, actor)
        if (!checked) throw notFound('connection')
        return { ...checked }
      },
    }),
  ]
}

/** Rejects with a 404 `Problem` where there is no such connection. */
export async function requireConnection(db: Sql, connectionId: string): Promise<ConnectionView> {
  const found = await readConnection(db, connectionId)
  if (!found) throw notFound('connection')
  return found
}

export function plain({ settings, policy, pauses, parkedReason, configuration, ...rest }: ConnectionView) {
  return {
    ...rest,
    settings: { ...settings },
    policy: { ...policy },
    pauses: { ...pauses },
    ...(parkedReason === undefined ? {} : { parkedReason: { ...parkedReason } }),
    ...(configuration === undefined ? {} : { configuration: { ...configuration } }),
  }
}

const directory = Type.Object({
  name,
  client: Type.String(),
  domains: Type.Array(Type.String()),
  createdAt: instant,
  users: Type.Integer(),
  groups: Type.Integer(),
  connections: Type.Array(Type.String()),
})

export function directoryRoutes(db: Sql): readonly Route[] {
  return [
    route({
      id: 'listDirectories',
      method: 'GET',
      path: '/directories',
      tag: 'directories',
      role: 'viewer',
      summary: 'All directories, with how much they hold.',
      answer: listOf(directory),
      run: async () => ({ items: (await directories(db)).map(copy) }),
    }),
    route({
      id: 'readDirectory',
      method: 'GET',
      path: '/directories/:directory',
      tag: 'directories',
      role: 'viewer',
      summary: 'One directory.',
      params: closed({ directory: name }),
      answer: directory,
      async run({ params }) {
        const found = (await directories(db)).find((each) => each.name === params.directory)
        if (!found) throw notFound('directory')
        return copy(found)
      },
    }),
  ]
}

const copy = <T extends { readonly domains: readonly string[]; readonly connections: readonly string[] }>(
  each: T,
) => ({
  ...each,
  domains: [...each.domains],
  connections: [...each.connections],
})
