import { createHash } from 'node:crypto'
import Type from 'typebox'
import type { Static } from 'typebox'
import type { CommonSettings } from '../contract.ts'
import type { Limit } from '../kit/kit.ts'
import { shareOf } from '../kit/pacing.ts'

/** Published API hosts. CrowdStrike/gofalcon falcon/cloud.go, 2026-07. */
export const regionHosts = {
  'us-1': 'api.crowdstrike.com',
  'us-2': 'api.us-2.crowdstrike.com',
  'us-3': 'api.us-3.crowdstrike.com',
  'eu-1': 'api.eu-1.crowdstrike.com',
  'us-gov-1': 'api.laggar.gcw.crowdstrike.com',
  'us-gov-2': 'api.us-gov-2.crowdstrike.mil',
} as const

export type Region = keyof typeof regionHosts

export const regions = Object.keys(regionHosts) as Region[]

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

export const settings = Type.Object({
  region: Type.Optional(
    Type.Enum(['auto', ...regions], {
      description: 'Falcon cloud. auto, the default without baseUrl, asks the token endpoint.',
    }),
  ),
  cid: Type.Optional(
    Type.String({
      pattern: '^[0-9a-fA-F]{32}(-[0-9a-fA-F]{2})?$',
      description: 'Customer ID of the tenant; checked against what the credentials reach.',
    }),
  ),
  memberCids: Type.Optional(
    Type.Array(Type.String({ pattern: '^[0-9a-fA-F]{32}(-[0-9a-fA-F]{2})?$' }), {
      uniqueItems: true,
      description: 'Flight Control: child CIDs in which roles are granted too, by rules with the scope cid.',
    }),
  ),
  revokeBeforeRemove: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'Revoke the roles before a user is deleted, so that the history of roles shows it.',
    }),
  ),
  readLagMs: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 600_000,
      description: 'For tests: how long reads of roles may lag behind writes, in milliseconds.',
    }),
  ),
  simulatorOrigins: Type.Optional(
    Type.Array(Type.String(), {
      description: 'For tests: loopback origins that count as Falcon clouds while baseUrl is one too.',
    }),
  ),
})

export const credentials = Type.Object({
  clientId: Type.String({ minLength: 1, description: 'Id of the API client.' }),
  clientSecret: Type.String({ minLength: 1, description: 'Secret of the API client; Falcon shows it once.' }),
})

export type CrowdstrikeSettings = Static<typeof settings> & CommonSettings
export type CrowdstrikeCredentials = Static<typeof credentials>
