import { mayBeDone } from '../sql/failures.ts'
import { createBatcher } from '../../batch.ts'
import { isId, prepared, type Sql, sql, type Statement } from '../sql/statement.ts'
import type { DirectoryRef } from '../../model/directory.ts'

export type Acknowledge = (directory: DirectoryRef, userId: string, acknowledged: boolean) => Promise<void>

/** How long a mark waits for others, in milliseconds; meanwhile the create counts as running (ADR 0027). */
const gatheringMs = 20

interface Mark {
  readonly user: string
  readonly directory: string
}

/** Marks creates as acknowledged, those of a short time in one statement; a mark is withdrawn at once. */
export function createAcknowledge(db: Sql): Acknowledge {
  const mark = createBatcher<Mark, true>({
    most: 10_000,
    windowMs: gatheringMs,
    mayBeDone,
    async together(asked) {
      const directories = [...new Set(asked.map(({ directory }) => directory))]
      await db.rows(acknowledged({ users: asked.map(({ user }) => user), directories }))
      return asked.map(() => true)
    },
  })
  return async (directory, userId, sent) => {
    if (!isId(userId)) return
    if (sent) await mark({ user: userId, directory: directory.id })
    else await db.rows(withdrawn({ user: userId, directory: directory.id }))
  }
}

/** Nobody waits for the disk: a mark that a power cut takes away has the same create applied as PUT when it comes again. */
const relaxed = sql`(SELECT set_config('synchronous_commit', 'off', true)) relaxed`

/** Lengths that the planner does not see: or it would plan this anew each time. */
const among = (ids: Statement): Statement => sql`ANY((SELECT ${ids}::uuid[])::uuid[])`

const acknowledged = prepared<'users' | 'directories'>(
  (value) => sql`
    UPDATE users SET create_running_until = NULL, acknowledged_at = coalesce(acknowledged_at, now()) FROM ${relaxed}
    WHERE id = ${among(value('users'))} AND directory_id = ${among(value('directories'))}`,
)

const withdrawn = prepared<'user' | 'directory'>(
  (value) => sql`
    UPDATE users SET create_running_until = NULL, acknowledged_at = NULL FROM ${relaxed}
    WHERE id = ${value('user')}::uuid AND directory_id = ${value('directory')}::uuid`,
)
