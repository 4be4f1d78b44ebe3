import { Type } from 'typebox'
import { requireMatch } from '../../admin/plugin.ts'
import { notFound } from '../../admin/problem.ts'
import { route, type Route } from '../../admin/route.ts'
import { anything, closed, id, instant, listOf, name, record } from '../../admin/shapes.ts'
import type { Change, ConnectionView, OperatorStore } from '../../model/operator.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { connection as readConnection } from './store.ts'

/** What asks vendors; absent where the store is opened alone. */
export interface ConnectionActions {
  /** Reads only. Credentials, tenant, own identity, catalogue. Rejects with `VendorError`. */
  check(connectionId: string, by: Change): Promise<ConnectionCheck | undefined>
  /** What a connection of each vendor is configured with, as JSON Schemas. */
  readonly vendors: readonly VendorSchemas[]
}

export interface ConnectionCheck {
  readonly profile?: string
  readonly tenant: string
  readonly ownAccountId?: string
  readonly catalogue: number
  readonly credentialsEndAt?: string
}

interface VendorSchemas {
  readonly id: string
  readonly name: string
  readonly profiles: readonly string[]
  readonly scopes: readonly string[]
  readonly settings: object
  readonly credentials: object
}

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
  plansWaiting: Type.Integer(),
  credentialsEndAt: Type.Optional(instant),
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

interface Parts {
  readonly store: OperatorStore
  readonly wake: () => void
  readonly connections?: ConnectionActions
}

export function connectionRoutes(parts: Parts): readonly Route[] {
  return [
    ...reading(parts.store),
    ...changing(parts),
    ...(parts.connections ? asking(parts.connections) : []),
  ]
}

function reading(store: OperatorStore): readonly Route[] {
  return [
    route({
      id: 'readStatus',
      method: 'GET',
      path: '/status',
      tag: 'connections',
      role: 'viewer',
      summary: 'What is pending, by connection.',
      answer: listOf(standing),
      run: async () => ({ items: [...(await store.standing())] }),
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
      run: async ({ query }) => ({ items: (await store.connections(query)).map(plain) }),
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
      run: async ({ params }) => plain(await known(store, params.connection)),
    }),
    route({
      id: 'readCatalogue',
      method: 'GET',
      path: '/connections/:connection/catalogue',
      tag: 'connections',
      role: 'viewer',
      summary: 'What the connection’s tenant offers, as it was fetched last.',
      params: ofConnection,
      answer: listOf(entitlement),
      async run({ params }) {
        await known(store, params.connection)
        return { items: [...(await store.catalogue(params.connection))] }
      },
    }),
  ]
}

function changing({ store, wake }: Parts): readonly Route[] {
  return [
    route({
      id: 'unparkConnection',
      method: 'POST',
      path: '/connections/:connection/unpark',
      tag: 'connections',
      role: 'operator',
      summary: 'Lets a parked connection work again, after its credentials were mended at the vendor.',
      params: ofConnection,
      answer: connection,
      async run({ params, by, ifMatch }) {
        requireMatch(ifMatch, plain(await known(store, params.connection)))
        await store.unpark(params.connection, by)
        wake()
        return plain(await known(store, params.connection))
      },
    }),
    route({
      id: 'retryConnection',
      method: 'POST',
      path: '/connections/:connection/retry',
      tag: 'connections',
      role: 'operator',
      summary: 'Tries everything unproven of the connection again now.',
      params: ofConnection,
      answer: Type.Object({ accounts: Type.Integer() }),
      async run({ params, by }) {
        await known(store, params.connection)
        const accounts = await store.retryConnection(params.connection, by)
        wake()
        return { accounts }
      },
    }),
  ]
}

function asking(actions: ConnectionActions): readonly Route[] {
  return [
    route({
      id: 'listVendors',
      method: 'GET',
      path: '/vendors',
      tag: 'connections',
      role: 'viewer',
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
        items: actions.vendors.map((each) => ({
          ...each,
          profiles: [...each.profiles],
          scopes: [...each.scopes],
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
        'Asks the vendor whether the connection works; reads only. One that was made here can be enabled then.',
      params: ofConnection,
      answer: Type.Object({
        profile: Type.Optional(Type.String()),
        tenant: Type.String(),
        ownAccountId: Type.Optional(Type.String()),
        catalogue: Type.Integer(),
        credentialsEndAt: Type.Optional(instant),
      }),
      async run({ params, by }) {
        const checked = await actions.check(params.connection, by)
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

export async function known(store: OperatorStore, connectionId: string): Promise<ConnectionView> {
  const found = await store.connection(connectionId)
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

export function directoryRoutes(store: OperatorStore): readonly Route[] {
  return [
    route({
      id: 'listDirectories',
      method: 'GET',
      path: '/directories',
      tag: 'directories',
      role: 'viewer',
      summary: 'All directories, with how much they hold.',
      answer: listOf(directory),
      run: async () => ({ items: (await store.directories()).map(copy) }),
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
        const found = (await store.directories()).find((each) => each.name === params.directory)
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
