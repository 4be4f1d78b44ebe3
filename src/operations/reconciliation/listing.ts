import { setTimeout as delay } from 'node:timers/promises'
import { VendorError } from '../../model/errors.ts'
import type { LiveConnection } from '../../provisioning/connections.ts'
import type { Survey, SurveyStore } from '../../model/reconciliation.ts'
import type { AccountSummary } from '../../model/account.ts'

/** Accounts in memory at once. */
const perBatch = 500
/** How often a list that the vendor cut short for its rate limit is begun anew. */
const mostStarts = 5
const longestPauseMs = 15 * 60_000

/** The list cannot be believed, or did not come; nothing is concluded from it. */
export class ListingRefused extends Error {
  override readonly name = 'ListingRefused'
}

export interface ListingOptions {
  readonly surveys: SurveyStore
  readonly connection: LiveConnection
  readonly signal: AbortSignal
}

/**
 * Streams the vendor's list into the store. Rejects with `ListingRefused` for a list that failed, is empty or is less than
 * half of what was there before: a half-broken answer must not look like people who left.
 */
export async function keepList(
  survey: Survey,
  { surveys, connection, signal }: ListingOptions,
): Promise<number> {
  for (let start = 1; ; start++) {
    const { before } = await surveys.beginListing(survey)
    try {
      const listed = await stream(survey, surveys, connection, signal)
      if (listed === 0) throw new ListingRefused(`${connection.name} listed no account at all`)
      if (listed * 2 < before)
        throw new ListingRefused(`${connection.name} listed ${listed} accounts, where there were ${before}`)
      await surveys.endListing(survey, listed)
      return listed
    } catch (error) {
      if (!(error instanceof VendorError)) throw error
      if (error.failure !== 'rate-limited' || start >= mostStarts)
        throw new ListingRefused(`the list of ${connection.name} failed: ${error.detail}`, { cause: error })
      await delay(Math.min(error.retryAfterMs ?? 30_000, longestPauseMs), undefined, { signal, ref: false })
    }
  }
}

async function stream(
  survey: Survey,
  surveys: SurveyStore,
  { target }: LiveConnection,
  signal: AbortSignal,
): Promise<number> {
  let listed = 0
  let batch: AccountSummary[] = []
  const keep = async (): Promise<void> => {
    signal.throwIfAborted()
    await surveys.keepListed(survey, batch)
    listed += batch.length
    batch = []
  }
  for await (const account of target.list()) {
    if (batch.push(account) >= perBatch) await keep()
  }
  if (batch.length > 0) await keep()
  return listed
}
