import type { ConnectionConfig } from '../../model/configuration.ts'
import type { ConnectionStore } from '../../model/work.ts'
import { createClient } from '../sql/direct.ts'
import { sql } from '../sql/statement.ts'
import { createConnectionStore } from './connections.ts'
import { isSame } from './difference.ts'

/** The API profile that a connection was found to speak, for those who look at it from outside of a gateway. */
export type KeptProfile = Pick<ConnectionStore, 'profile' | 'keepProfile'>

/**
 * Hands over what the store keeps of one connection, and undefined when the store knows none of this name with these settings. Changes no
 * schema. Rejects with `StoreUnavailable`, or with what the database says.
 */
export async function withKeptProfile<T>(
  databaseUrl: string,
  { directory, connection }: { readonly directory: string; readonly connection: ConnectionConfig },
  work: (kept: KeptProfile | undefined) => Promise<T>,
): Promise<T> {
  const client = createClient(databaseUrl, () => undefined)
  try {
    const row = await client.row<{ id: string; settings: unknown }>(sql`
      SELECT c.id, c.settings FROM connections c JOIN directories d ON d.id = c.directory_id
      WHERE d.name = ${directory}::text AND c.name = ${connection.name}::text AND c.api_profile = 'auto'
        AND c.vendor = ${connection.vendor}::text`)
    const store = createConnectionStore(client)
    // Other settings may lead to another tenant: what holds for them is found out once they are applied.
    const known = row && isSame(row.settings, connection.settings) ? row : undefined
    return await work(
      known && {
        profile: async () => store.profile(known.id),
        keepProfile: async (_, profile) => store.keepProfile(known.id, profile),
      },
    )
  } finally {
    await client.close()
  }
}
