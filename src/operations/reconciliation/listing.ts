import { setTimeout as delay } from 'node:timers/promises'
import { VendorError } from '../../model/errors.ts'
import type { LiveConnection } from '../../provisioning/connections.ts'
import type { Sql } from '../../store/sql/statement.ts'
import { beginListing, endListing, keepListed, type ReconciliationRun, type RunProgress } from './store.ts'
import type { AccountSummary } from '../../model/account.ts'

/** Accounts in memory at once. */
const perBatch = 500
/** How often a list that the vendor cut short for its rate limit is started over. */
const mostStarts = 5
const longestPauseMs = 15 * 60_000

/** The list cannot be believed, or did not come; nothing is concluded from it. */
export class ListingRefused extends Error {
  override readonly name = 'ListingRefused'
}

interface ListingOptions {
  readonly db: Sql
  readonly connection: LiveConnection
  readonly signal: AbortSignal
}

/**
 * Streams the vendor's list into the store. Rejects with `ListingRefused` for a list that failed, is empty or is less than
 * half of what was there before: a half-broken answer must not look like people who left. Entries that cannot be read are
 * counted; a list with such entries proves nobody missing.
 */
export async function keepList(
  run: ReconciliationRun,
  { db, connection, signal }: ListingOptions,
): Promise<Pick<RunProgress, 'listed' | 'unread'>> {
  for (let start = 1; ; start++) {
    const { before } = await beginListing(db, run)
    try {
      const whole = await stream(run, db, connection, signal)
      const { listed } = whole
      if (listed === 0) throw new ListingRefused(`${connection.name} listed no account at all`)
      if (listed * 2 < before)
        throw new ListingRefused(`${connection.name} listed ${listed} accounts, where there were ${before}`)
      await endListing(db, run, whole)
      return whole
    } catch (error) {
      if (!(error instanceof VendorError)) throw error
      if (error.failure !== 'rate-limited' || start >= mostStarts)
        throw new ListingRefused(`the list of ${connection.name} failed: ${error.detail}`, { cause: error })
      await delay(Math.min(error.retryAfterMs ?? 30_000, longestPauseMs), undefined, { signal, ref: false })
    }
  }
}

async function stream(
  run: ReconciliationRun,
  db: Sql,
  { target }: LiveConnection,
  signal: AbortSignal,
): Promise<Pick<RunProgress, 'listed' | 'unread'>> {
  let [listed, unread] = [0, 0]
  let batch: AccountSummary[] = []
  const keep = async (): Promise<void> => {
    signal.throwIfAborted()
    await keepListed(db, run, batch)
    listed += batch.length
    batch = []
  }
  for await (const account of target.list(() => void unread++)) {
    if (batch.push(account) >= perBatch) await keep()
  }
  if (batch.length > 0) await keep()
  return { listed, unread }
}
