import { createHash } from 'node:crypto'
import type { Limit } from '../kit/kit.ts'
import { shareOf } from '../kit/pacing.ts'
import type { SisenseCredentials, SisenseSettings } from './settings.ts'

/** How many calls a connection makes; `limits` are kept over all connections with the same credentials. */
export interface Pace {
  readonly perSecond: number
  readonly atOnce: number
  readonly limits: readonly Limit[]
}

/** Sisense publishes no limit and tells none in headers, so a connection keeps few calls in flight. */
const atOnce = 4
/** What four at once come to when each takes 80 ms. */
export const usualPerSecond = 50

/** The figure is the connection's own, so all of it is used unless `ratePercent` says otherwise. */
export function paceOf(
  { baseUrl, requestsPerSecond = usualPerSecond, ratePercent = 100 }: SisenseSettings,
  { apiToken, username = '' }: SisenseCredentials,
): Pace {
  const { host } = new URL(baseUrl)
  const credential = createHash('sha256')
    .update(apiToken?.trim() ?? username)
    .digest('hex')
  const key = `sisense ${host} ${credential}`
  const limit = shareOf({ key, requests: requestsPerSecond, perMs: 1_000 }, ratePercent)
  return { perSecond: limit.requests, atOnce, limits: [limit] }
}
