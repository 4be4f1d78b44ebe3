import { Type } from 'typebox'
import type { ListedDecision, OperatorStore } from '../../model/operator.ts'
import { notFound, Problem } from '../../admin/problem.ts'
import { route, type Route } from '../../admin/route.ts'
import { anything, closed, id, listOf } from '../../admin/shapes.ts'
import { known, ofConnection } from '../connections/route.ts'

export interface InventoryOptions {
  readonly live?: boolean
  readonly roles?: boolean
  readonly dormantDays?: number
  readonly invitedDays?: number
  readonly orphans?: boolean
}

export interface InventoryActions {
  /** Who has what, a row for each account, in the order of the columns. */
  inventory(connectionId: string, options: InventoryOptions): AsyncIterable<object>
  /** A row as a line of CSV; without one, the heading. */
  csv(row?: object): string
  /** Plans shut-outs of who is dormant; they wait for a decision as one batch. */
  propose(
    connectionId: string,
    dormantDays: number,
  ): Promise<{ readonly batch: string; readonly proposed: number }>
  /** Accounts that an import could not place. */
  undecided(connectionId: string, limit: number): Promise<readonly object[]>
}

const days = Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 }))
const mostUndecided = 1_000

interface Parts {
  readonly store: OperatorStore
  readonly inventories: InventoryActions
}

export function inventoryRoutes(parts: Parts): readonly Route[] {
  return [...inventory(parts), ...decisions(parts)]
}

function inventory({ store, inventories }: Parts): readonly Route[] {
  return [
    route({
      id: 'readInventory',
      method: 'GET',
      path: '/connections/:connection/inventory',
      tag: 'inventory',
      role: 'viewer',
      summary:
        'Who has what at the vendor, streamed as NDJSON or CSV; "live" lists it now, "roles" reads what lists do not tell.',
      params: ofConnection,
      query: closed({
        format: Type.Enum(['ndjson', 'csv'], { default: 'ndjson' }),
        live: Type.Boolean({ default: false }),
        roles: Type.Boolean({ default: false }),
        dormantDays: days,
        invitedDays: days,
        orphans: Type.Boolean({ default: false }),
      }),
      streams: true,
      async run({ params, query: { format, ...options } }) {
        await known(store, params.connection)
        const rows = inventories.inventory(params.connection, options)
        return format === 'csv' ? csvOf(rows, inventories) : ndjsonOf(rows)
      },
    }),
    route({
      id: 'proposeShutOuts',
      method: 'POST',
      path: '/connections/:connection/inventory/proposals',
      tag: 'inventory',
      role: 'operator',
      summary: 'Plans shut-outs of accounts that are dormant; they wait for a decision as one batch.',
      params: ofConnection,
      body: closed({ dormantDays: Type.Integer({ minimum: 7, maximum: 3_650 }) }),
      answer: Type.Object({ batch: Type.String(), proposed: Type.Integer() }),
      async run({ params, body, by }) {
        await known(store, params.connection)
        const made = await inventories.propose(params.connection, body.dormantDays)
        await store.note(params.connection, 'shut-outs.proposed', by, { ...body, ...made })
        return made
      },
    }),
  ]
}

function decisions({ store, inventories }: Parts): readonly Route[] {
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
        await known(store, params.connection)
        return { items: [...(await inventories.undecided(params.connection, mostUndecided))] }
      },
    }),
    route({
      id: 'decideAccount',
      method: 'POST',
      path: '/connections/:connection/undecided',
      tag: 'inventory',
      role: 'operator',
      summary: 'What becomes of an account without a person, with the next import.',
      params: ofConnection,
      body: closed({
        vendorAccountId: Type.String({ minLength: 1, maxLength: 500 }),
        decision: Type.Enum(['import', 'link', 'ignore']),
        userId: Type.Optional(id),
      }),
      async run({ params, body: { vendorAccountId, decision, userId }, by }) {
        await known(store, params.connection)
        if ((decision === 'link') !== (userId !== undefined))
          throw new Problem(400, 'invalid', 'userId goes with the decision "link", and only with it.')
        const decided: ListedDecision = { vendorAccountId, decision, ...(userId ? { userId } : {}) }
        if (!(await store.decideListed(params.connection, decided, by))) throw notFound('account in the list')
        return null
      },
    }),
  ]
}

export async function* ndjsonOf(rows: AsyncIterable<object>): AsyncGenerator<string> {
  for await (const row of rows) yield `${JSON.stringify(row)}\n`
}

async function* csvOf(rows: AsyncIterable<object>, { csv }: InventoryActions): AsyncGenerator<string> {
  // The heading goes with the first row: a list that is refused is answered as a problem.
  let heading = csv()
  for await (const row of rows) {
    yield heading + csv(row)
    heading = ''
  }
  if (heading !== '') yield heading
}
