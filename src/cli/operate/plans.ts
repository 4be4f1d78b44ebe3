import type { Output } from '../output.ts'
import type { Client } from './client.ts'
import { connectionOf, pathOf } from './names.ts'
import { when } from './show/table.ts'

interface Plan {
  readonly id: string
  readonly userName: string
  readonly state: string
  readonly reason: string
  readonly batch?: string
  readonly words: { readonly lines: readonly string[] }
  readonly createdAt: string
}

/** Shows what waits at a connection, or would be done if it did more than watch. */
export async function showPlans(
  client: Client,
  output: Output,
  named: string,
  { state, json }: { readonly state?: string; readonly json?: boolean },
): Promise<void> {
  const connection = await connectionOf(client, named)
  const query = state === undefined ? '' : `&state=${state}`
  const plans = await client.all<Plan>(`/connections/${connection.id}/plans?limit=500${query}`)
  if (json) return output.json({ connection: pathOf(connection), mode: connection.mode, plans })
  output.line(
    `${output.paint('bold', pathOf(connection))} (${connection.mode}): ${plans.length} plan${plans.length === 1 ? '' : 's'}`,
  )
  for (const { id, userName, state: at, reason, batch, words, createdAt } of plans) {
    output.line()
    output.line(
      `${output.paint('bold', userName)}  ${at} (${reason}${batch ? `, batch ${batch}` : ''}), ${when(createdAt)}, ${id}`,
    )
    for (const line of words.lines) output.line(`  ${line}`)
  }
}
