import { ScimError } from '../../scim/errors.ts'
import { type Sql, sql } from '../sql/statement.ts'

/** Bytes that were written since the last count after which it is counted again; and after how many milliseconds at the latest. */
const recount = { bytes: 64 * 1024 * 1024, ms: 3_600_000 }

interface Known {
  counted: number
  since: number
  at: number
  counting: boolean
}

export interface Quota {
  /** Before a write makes what a directory stores so many bytes larger; throws 413 where that is more than it may store. */
  admit(directory: string, growth: number): void
}

/**
 * What a directory stores of Users and Groups. It is counted now and then beside the writes, which never wait for it, and
 * what this process wrote since is added.
 */
export function createQuota(db: Sql, most: number): Quota {
  const known = new Map<string, Known>()
  async function count(directory: string, entry: Known): Promise<void> {
    entry.counting = true
    const before = entry.since
    try {
      const row = await db.row<{ bytes: number }>(sql`SELECT (
          (SELECT coalesce(sum(pg_column_size(body)), 0) FROM users WHERE directory_id = ${directory}::uuid)
          + (SELECT coalesce(sum(pg_column_size(body)), 0) FROM groups WHERE directory_id = ${directory}::uuid)
        )::float8 AS bytes`)
      entry.counted = row?.bytes ?? 0
      entry.since -= before
    } catch {
      // A store that does not answer refuses the write itself.
    } finally {
      entry.at = performance.now()
      entry.counting = false
    }
  }
  return {
    admit(directory, growth) {
      if (growth <= 0) return
      const entry = known.get(directory) ?? { counted: 0, since: 0, at: -Infinity, counting: false }
      known.set(directory, entry)
      const old = performance.now() - entry.at > recount.ms || entry.since > recount.bytes
      if (old && !entry.counting) void count(directory, entry)
      if (entry.counted + entry.since + growth > most) {
        throw new ScimError(
          413,
          `The Users and Groups of this directory take ${Math.round(most / 1024 / 1024)} MB, as much as it may store. Remove some, or raise DIRECTORY_QUOTA_MB.`,
          { about: { area: 'scim', code: 'full' } },
        )
      }
      entry.since += growth
    },
  }
}
