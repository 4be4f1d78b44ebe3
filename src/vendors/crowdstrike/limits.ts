import { createHash } from 'node:crypto'
import type { Limit } from '../kit/kit.ts'
import { shareOf } from '../kit/pacing.ts'
import type { CrowdstrikeCredentials } from './settings.ts'

/**
 * Falcon counts by API client and by the minute and tells the figure in `X-RateLimit-Limit`; none is published. This one is
 * what users report (read 2026-11).
 */
const published = { requests: 6_000, perMs: 60_000 } as const

/** All calls of an API client share one limit. */
export function limitsOf(
  { clientId }: CrowdstrikeCredentials,
  percent: number | undefined,
): () => readonly Limit[] {
  const key = `crowdstrike ${createHash('sha256').update(clientId).digest('hex')}`
  const limits = [shareOf({ key, ...published }, percent)]
  return () => limits
}
