import { Type } from 'typebox'
import { ndjsonOf, route, type Route } from '../../admin/route.ts'
import { closed } from '../../admin/shapes.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { ofConnection, requireConnection } from '../connections/route.ts'
import { note } from '../connections/store.ts'
import { csvHeader, csvLine, type Inventories, type InventoryRow } from './inventory.ts'

const days = Type.Optional(Type.Integer({ minimum: 1, maximum: 3_650 }))

interface Deps {
  readonly db: Sql
  readonly inventories: Inventories
}

export function inventoryRoutes({ db, inventories }: Deps): readonly Route[] {
  return [
    route({
      id: 'readInventory',
      method: 'GET',
      path: '/connections/:connection/inventory',
      tag: 'inventory',
      role: 'viewer',
      summary:
        'Who has what at the vendor, streamed as NDJSON or CSV; "live" lists the accounts now, "roles" reads what the list does not show.',
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
        await requireConnection(db, params.connection)
        const rows = inventories.inventory(params.connection, options)
        return format === 'csv' ? csvOf(rows) : ndjsonOf(rows)
      },
    }),
    route({
      id: 'proposeShutOuts',
      method: 'POST',
      path: '/connections/:connection/inventory/proposals',
      tag: 'inventory',
      role: 'operator',
      summary: 'Plans shut-outs of dormant accounts; they wait for a decision as one batch.',
      params: ofConnection,
      body: closed({ dormantDays: Type.Integer({ minimum: 7, maximum: 3_650 }) }),
      answer: Type.Object({ batch: Type.String(), proposed: Type.Integer() }),
      async run({ params, body, actor }) {
        await requireConnection(db, params.connection)
        const made = await inventories.propose(params.connection, body.dormantDays)
        await note(db, params.connection, 'shut-outs.proposed', actor, { ...body, ...made })
        return made
      },
    }),
  ]
}

async function* csvOf(rows: AsyncIterable<InventoryRow>): AsyncGenerator<string> {
  // The heading goes with the first row: a list that is refused is answered as a problem.
  let heading = csvHeader
  for await (const row of rows) {
    yield heading + csvLine(row)
    heading = ''
  }
  if (heading !== '') yield heading
}
