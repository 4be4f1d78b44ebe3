import type { Logger } from 'pino'
import type { Notices } from '../../model/notice.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { type Unserved, unserved } from './store.ts'

export interface UnservedWatch {
  /** Accounts that waited for more than a minute when last looked. */
  count(): number
  close(): void
}

/** Tells of work that nobody does: each process looks, whichever has it should have served. */
export function watchUnserved(
  db: Sql,
  notices: Pick<Notices, 'raise' | 'resolve'>,
  log: Logger,
  everyMs = 20_000,
): UnservedWatch {
  let before: readonly Unserved[] = []
  const look = async (): Promise<void> => {
    const now = await unserved(db)
    for (const { id, path, count } of now) {
      if (before.some((each) => each.id === id)) continue
      const text = `${path}: ${count} ${count === 1 ? 'account has' : 'accounts have'} been due for more than a minute and nobody works on them. See that a gateway runs with this connection, and with the configuration that was applied last.`
      log.error({ connection: path, accounts: count }, 'work is due and nobody does it')
      await notices.raise({ kind: 'work-unserved', connectionId: id, text })
    }
    for (const { id } of before)
      if (!now.some((each) => each.id === id))
        await notices.resolve({ kind: 'work-unserved', connectionId: id })
    before = now
  }
  const timer = setInterval(
    () => void look().catch((error: unknown) => log.debug({ error: String(error) }, 'unserved work unknown')),
    everyMs,
  ).unref()
  return {
    count: () => before.reduce((sum, { count }) => sum + count, 0),
    close: () => clearInterval(timer),
  }
}
