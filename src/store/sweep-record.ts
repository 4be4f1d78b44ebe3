import { sql, type Statement } from './sql/statement.ts'

/** Deltas of more members than this, and all that clear, are swept. */
export const mostMarked = 100

interface Recorded {
  readonly directoryId: Statement | string
  readonly connectionId?: string
  readonly kind: 'rules' | 'group' | 'connection'
  /** `users`: ids of the people concerned; absent: everybody in the directory. */
  readonly detail: Statement
}

/** An INSERT of a sweep; `where` may make it depend on what the statement did. */
export function recordSweep(
  { directoryId, connectionId, kind, detail }: Recorded,
  where: Statement,
): Statement {
  const directory = typeof directoryId === 'string' ? sql`${directoryId}::uuid` : directoryId
  return sql`INSERT INTO sweeps (id, directory_id, connection_id, kind, state, detail)
    SELECT gen_random_uuid(), ${directory}, ${connectionId ?? null}::uuid, ${kind}::text, 'counting', ${detail} ${where}`
}
